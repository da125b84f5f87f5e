import type { Clock } from '@takt/kernel';
import type { Box, DetectionThresholds } from './box.js';
import { createPreprocessor } from './preprocessor.js';
import type { DecodeImage, DetectorModel } from './preprocessor.js';
import { suppress } from './suppression.js';
import { toFrame } from './to-frame.js';
import { decodeLogits } from './decode-logits.js';
import { decodeOutput } from './decode-output.js';
import type { NetworkOutputs } from './network-output.js';
import type { Candidates } from './candidates.js';
import { DetectorFamily } from './detector-description.js';

/** Runs the network on 1×3×height×width values; gives the outputs that the model's head names, in that order. */
export type Infer = (input: Float32Array | Uint8Array) => Promise<NetworkOutputs>;

/** Milliseconds of each stage, monotonic. */
export interface DetectionTimings {
  readonly decodeMs: number;
  readonly preprocessMs: number;
  readonly inferenceMs: number;
  readonly postprocessMs: number;
}

export interface Detection {
  /** Best first. */
  readonly boxes: readonly Box[];
  readonly timings: DetectionTimings;
  /** Size of the frame in pixels. */
  readonly frameWidth: number;
  readonly frameHeight: number;
}

export interface Detector {
  /**
   * One frame's bytes to boxes. Calls must not overlap (buffers are reused).
   *
   * @throws whatever `decodeImage` and `infer` throw; TaktError `ModelOutputUnsupported` for outputs that are not the model's family's.
   */
  detect(frame: Uint8Array): Promise<Detection>;
}

export interface DetectorOptions {
  readonly decodeImage: DecodeImage;
  readonly infer: Infer;
  readonly model: DetectorModel;
  readonly thresholds: DetectionThresholds;
  readonly clock: Clock;
}

/** The whole pipeline of a frame: decode, letterbox, inference, decode of the head, suppression, boxes in frame pixels. */
export function createDetector(options: DetectorOptions): Detector {
  const { infer, model, thresholds, clock } = options;
  const preprocess = createPreprocessor(options);
  return {
    detect: async (frame) => {
      const { tensor, geometry, decodeMs, preprocessMs } = await preprocess(frame);
      const start = clock.monotonic();
      const output = await infer(tensor);
      const inferred = clock.monotonic();
      const candidates = decodeHead(output, model, thresholds);
      const boxes = toFrame(candidates, suppress(candidates, thresholds), geometry);
      const timings = { decodeMs, preprocessMs, inferenceMs: inferred - start, postprocessMs: clock.monotonic() - inferred };
      return { boxes, timings, frameWidth: geometry.frameWidth, frameHeight: geometry.frameHeight };
    },
  };
}

/** Network outputs to boxes before suppression, in network pixels. */
export function decodeHead(outputs: NetworkOutputs, model: DetectorModel, thresholds: DetectionThresholds): Candidates {
  const { family = DetectorFamily.yolov5, head, names, width, height } = model;
  const classes = names.length;
  return head?.kind === 'logits'
    ? decodeLogits(outputs, { family, classes, scales: head.scales }, thresholds)
    : decodeOutput(outputs[0], { family, width, height, classes }, thresholds);
}

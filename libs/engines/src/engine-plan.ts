import type { Digest } from '@takt/kernel';

/** Software that executes artifacts. */
export const EngineName = { onnxruntime: 'onnxruntime', openvino: 'openvino' } as const;
export type EngineName = (typeof EngineName)[keyof typeof EngineName];

export const Precision = { fp32: 'fp32', fp16: 'fp16', int8: 'int8' } as const;
export type Precision = (typeof Precision)[keyof typeof Precision];

/**
 * How an artifact is made from a model.
 * - `fp32`: the model as it was pushed.
 * - `int8`: takt's static quantization (U8 activations, per-channel S8 weights, int32 bias, float decode head).
 * - `int8-library-default`: what ONNX Runtime's `quantize_static` emits by default (S8S8, per tensor), with the decode
 *   head in float so that it detects at all. Kept for comparisons and for forcing a known recipe.
 */
export const Recipe = { fp32: 'fp32', int8: 'int8', int8LibraryDefault: 'int8-library-default' } as const;
export type Recipe = (typeof Recipe)[keyof typeof Recipe];

/** Thread settings of one engine session. */
export interface ThreadPolicy {
  /** Intra-op threads; 0 lets the engine's library choose (its default). */
  readonly intraOp: number;
  /** Whether idle intra-op threads spin. Spinning lowers latency and costs a core. */
  readonly spin: boolean;
}

/** The chosen way to run one model on one fingerprint. */
export interface EnginePlan {
  readonly engine: EngineName;
  readonly precision: Precision;
  readonly recipe: Recipe;
  readonly threads: ThreadPolicy;
  /** Content of the file the engine loads. */
  readonly artifact: Digest;
  /** Version of the engine's library the plan was measured with, e.g. `1.30.0`. */
  readonly engineVersion: string;
  /** Fingerprint of the box the plan was measured on. */
  readonly fingerprint: string;
}

/** Accuracy on a golden set; every figure is a fraction 0–1 as pycocotools defines it. */
export interface Accuracy {
  readonly map50: number;
  readonly map50_95: number;
  readonly images: number;
}

/** Speed of the whole pipeline, frame bytes to boxes, run unpaced on the box itself. */
export interface Speed {
  /** Milliseconds per frame. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Frames per second of the unpaced pipeline. */
  readonly capacityFps: number;
  /** Median milliseconds in the engine alone. */
  readonly inferenceMs: number;
  readonly frames: number;
}

/** One row of the candidates table: what was tried, what it measured, and why it was (not) taken. */
export interface Candidate {
  readonly recipe: Recipe;
  readonly precision: Precision;
  readonly engine: EngineName;
  readonly threads: ThreadPolicy;
  readonly artifact: Digest;
  readonly artifactBytes: number;
  readonly speed: Speed;
  readonly accuracy: Accuracy;
  /** FP32's mAP@0.5:0.95 minus this one's, in points (hundredths); negative where the candidate is better. */
  readonly dropPoints: number;
  readonly verdict: 'chosen' | 'accepted' | 'rejected';
  /** Why, with numbers, e.g. "INT8 is 2.1× faster than FP32 and loses 0.2 of 0.4 points". */
  readonly reason: string;
}

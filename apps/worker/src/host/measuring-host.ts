import type { EngineAdapter, EngineName } from '@takt/engines';
import { EVALUATION_THRESHOLDS, SERVING_THRESHOLDS, createDetector, decodeHead } from '@takt/evaluation';
import type { DecodeImage, DetectorModel, Infer } from '@takt/evaluation';
import type { Clock } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import { detectorModel, inferWith, portsOf, readArtifact } from '@takt/quantization';
import type { HostAnswers, HostRequest } from './messages.js';
import type { withRunnableFile } from './runnable-file.js';

export interface HostParts {
  readonly engineNamed: (name: EngineName) => EngineAdapter;
  readonly clock: Clock;
  readonly decodeImage: (bytes: Uint8Array, name: string) => ReturnType<DecodeImage>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Calls `load` with the path of a file that has float32 inputs and outputs. */
  readonly withRunnableFile: typeof withRunnableFile;
  readonly progress: (done: number, total: number) => void;
}

/** A loaded network: what it is fed with, and the call that runs it. */
interface LoadedNetwork {
  readonly width: number;
  readonly height: number;
  readonly inputType: 'float32' | 'uint8';
  /** Real value of a step of a pixel, for a float input. */
  readonly pixelStep: number;
  readonly infer: Infer;
  /** Null where it is no detector that takt decodes. */
  readonly detector: DetectorModel | null;
}

/** Holds one loaded artifact and measures it; runs alone in its process, so that nothing else disturbs the figures. */
export class MeasuringHost {
  private loaded: LoadedNetwork | undefined;
  /** Frame bytes of the speed measurement: a camera hands them over in memory, so the disk is not part of it. */
  private readonly frames = new Map<string, Uint8Array>();
  private readonly parts: HostParts;

  constructor(parts: HostParts) {
    this.parts = parts;
  }

  async handle(request: HostRequest): Promise<HostAnswers[keyof HostAnswers]> {
    switch (request.kind) {
      case 'load':
        return this.load(request);
      case 'detect':
        return this.detect(request.images);
      case 'pipeline':
        return this.pipeline(request);
      case 'infer':
        return this.infer(request.warm, request.iterations);
    }
  }

  private async load(request: Extract<HostRequest, { kind: 'load' }>): Promise<HostAnswers['load']> {
    const engine = this.parts.engineNamed(request.engine);
    const availability = await engine.availability();
    const bytes = await this.bytes(request.model, false);
    const { artifact, session } = await this.parts.withRunnableFile(request.model, bytes, async (path, runnable) => ({
      artifact: readArtifact(runnable),
      session: await engine.load(path, request.threads),
    }));
    const detector = 'description' in artifact ? detectorModel(artifact) : null;
    const { width, height, ...ports } = portsOf(artifact);
    this.loaded = {
      width,
      height,
      inputType: detector?.inputType ?? 'float32',
      pixelStep: detector?.pixels?.range === 'byte' ? 1 : 1 / 255,
      infer: inferWith(session, { width, height, ...ports }),
      detector,
    };
    return { engine: engine.name, engineVersion: availability.available ? availability.version : '' };
  }

  private async detect(images: readonly string[]): Promise<HostAnswers['detect']> {
    const { model, infer } = this.detector();
    let current = '';
    const detector = createDetector({
      decodeImage: (bytes) => this.parts.decodeImage(bytes, current),
      infer,
      model,
      thresholds: EVALUATION_THRESHOLDS,
      clock: this.parts.clock,
    });
    const found = [];
    for (const path of images) {
      current = path;
      const { boxes, frameWidth, frameHeight } = await detector.detect(await this.bytes(path, false));
      found.push({ boxes, width: frameWidth, height: frameHeight });
      this.parts.progress(found.length, images.length);
    }
    return { images: found };
  }

  private async pipeline(request: Extract<HostRequest, { kind: 'pipeline' }>): Promise<HostAnswers['pipeline']> {
    const { images, first, warm, frames } = request;
    const { model, infer } = this.detector();
    const { clock } = this.parts;
    const decodeImage: DecodeImage = (bytes) => this.parts.decodeImage(bytes, 'a golden image');
    const detector = createDetector({ decodeImage, infer, model, thresholds: SERVING_THRESHOLDS, clock });
    const at = (index: number): Promise<Uint8Array> => this.bytes(images[index % images.length] as string, true);
    for (let index = 0; index < warm; index += 1) await detector.detect(await at(first + index));
    const serviceMs: number[] = [];
    const inferenceMs: number[] = [];
    const batch: Uint8Array[] = [];
    for (let index = 0; index < frames; index += 1) batch.push(await at(first + index));
    const start = clock.monotonic();
    for (const bytes of batch) {
      const taken = clock.monotonic();
      const { timings } = await detector.detect(bytes);
      serviceMs.push(clock.monotonic() - taken);
      inferenceMs.push(timings.inferenceMs);
    }
    return { serviceMs, inferenceMs, elapsedMs: clock.monotonic() - start };
  }

  private async infer(warm: number, iterations: number): Promise<HostAnswers['infer']> {
    const { width, height, inputType, pixelStep, infer, detector } = this.network();
    const { clock } = this.parts;
    // A texture, not a constant: denormals and all-equal values would flatter some kernels.
    const pixels = Uint8Array.from({ length: 3 * width * height }, (_, index) => (index * 2_654_435_761) >>> 24);
    const floats = inputType === 'uint8' ? undefined : new Float32Array(pixels.length);
    const run = async (): Promise<void> => {
      if (floats !== undefined) scalePixels(pixels, floats, pixelStep);
      const outputs = await infer(floats ?? pixels);
      if (detector !== null) decodeHead(outputs, detector, SERVING_THRESHOLDS);
    };
    for (let index = 0; index < warm; index += 1) await run();
    const inferenceMs: number[] = [];
    for (let index = 0; index < iterations; index += 1) {
      const start = clock.monotonic();
      await run();
      inferenceMs.push(clock.monotonic() - start);
    }
    return { inferenceMs };
  }

  private network(): LoadedNetwork {
    if (this.loaded === undefined) {
      throw new TaktError({ code: 'NoModelLoaded', message: 'no model is loaded', action: 'load one first', component: 'worker' });
    }
    return this.loaded;
  }

  private detector(): { readonly model: DetectorModel; readonly infer: Infer } {
    const { detector, infer } = this.network();
    if (detector !== null) return { model: detector, infer };
    throw new TaktError({
      code: 'OnnxNotADetector',
      message: 'the model is no detector that takt decodes, so that nothing can be found with it',
      action: 'give a YOLO detector with its decoded output',
      component: 'worker',
    });
  }

  private async bytes(path: string, keep: boolean): Promise<Uint8Array> {
    const kept = this.frames.get(path);
    if (kept !== undefined) return kept;
    const bytes = await this.parts.readFile(path);
    if (keep) this.frames.set(path, bytes);
    return bytes;
  }
}

/** The cheapest way from bytes to a float input; what a network that takes bytes is spared. */
function scalePixels(pixels: Uint8Array, into: Float32Array, scale: number): void {
  for (let i = 0; i < pixels.length; i += 1) into[i] = (pixels[i] as number) * scale;
}

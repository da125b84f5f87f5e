import type { OrtAdapter } from '@takt/engine-ort';
import type { EngineSession, Tensor } from '@takt/engines';
import { serializeModel } from '@takt/onnx';
import {
  audibleLogits,
  cellWeights,
  counts,
  cutAt,
  dequantizeLogits,
  outputError,
  rankLayers,
  weighSingleValues,
} from '@takt/quantization';
import type { ConvOutput, EmittedModel, LayerGain, ReferenceOutput } from '@takt/quantization';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import type { ModelSource } from '../emit/model-source.js';
import { BACKGROUND_THREADS } from '../process/background-threads.js';
import type { ReportProgress } from '../protocol/output.js';
import { floatsOf, outputReference } from './output-reference.js';

/** Images that layers are compared on: a layer that matters shows on a dozen. */
const IMAGES = 12;
/** Elements of reference outputs that are kept at most (64 MB with their weights). */
const MOST_ELEMENTS = 8_000_000;

export interface RankRequest {
  readonly source: ModelSource;
  /** Convolutions that may go back to float, by the value they make. */
  readonly layers: readonly string[];
  /** What is made of the model with these layers in float, with a float input; cut at its head or not. */
  readonly emit: (reverted: readonly string[]) => EmittedModel;
  /** Images like those the model will see, best with objects on them. */
  readonly images: readonly string[];
}

export interface RankDeps {
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
  readonly progress: ReportProgress;
  readonly signal: AbortSignal;
}

/**
 * Which layers cost the accuracy: each in turn is left in float, and the error of the outputs is compared with that of all in integers.
 * Measured where the head is cut, on the cells that hold an object, and else on the model's outputs.
 */
export async function rankEmission(request: RankRequest, { engine, loadInput, progress, signal }: RankDeps): Promise<readonly LayerGain[]> {
  const { source, layers, emit } = request;
  const { input, head, folded } = source;
  const { width, height } = input;
  const names =
    'why' in head
      ? folded.graph.output.map(({ name }) => name ?? '')
      : head.scales.flatMap(({ outputs }) => outputs.map(({ name }) => name));
  const withSession = async <T>(model: Uint8Array, work: (session: EngineSession) => Promise<T>): Promise<T> => {
    const session = await engine.loadBytes(model, BACKGROUND_THREADS, source.name);
    try {
      return await work(session);
    } finally {
      await session.release();
    }
  };
  const run = (session: EngineSession, data: Float32Array): Promise<Readonly<Record<string, Tensor>>> =>
    session.run({ [input.name]: { type: 'float32', data, dims: [1, 3, height, width] } });

  const inputs: Float32Array[] = [];
  const measured: (readonly ReferenceOutput[])[] = [];
  await withSession(serializeModel(cutAt(folded, names)), async (session) => {
    let kept = 0;
    for (const path of request.images.slice(0, IMAGES)) {
      signal.throwIfAborted();
      const data = Float32Array.from(await loadInput(path, input));
      const results = await run(session, data);
      const reference = referenceOf(source, names, results);
      kept += reference.reduce((sum, { values }) => sum + values.length, 0);
      if (measured.length > 0 && kept > MOST_ELEMENTS) break;
      inputs.push(data);
      measured.push(reference);
    }
  });
  const telling = weighSingleValues(measured).flatMap((reference, at) => {
    const data = inputs[at];
    return data !== undefined && counts(reference) ? [{ reference, data }] : [];
  });

  const errorOf = async (reverted: readonly string[]): Promise<number> => {
    const { model, logits } = emit(reverted);
    const cut = logits.length > 0 ? model : cutAt(model, names);
    return withSession(serializeModel(cut), async (session) => {
      let sum = 0;
      for (const { reference, data } of telling) {
        signal.throwIfAborted();
        const results = await run(session, data);
        const given = names.map((name, at) => {
          const emitted = logits[at];
          return emitted?.scales
            ? dequantizeLogits(integersOf(results[emitted.name]), emitted.scales)
            : floatsOf(results[emitted?.name ?? name]);
        });
        sum += outputError(reference, 'why' in head ? given : audibleLogits(head, head.detector.classes, given));
      }
      return sum / telling.length;
    });
  };

  const total = layers.length + 1;
  const whole = await errorOf([]);
  const without = new Map<string, number>();
  for (const layer of layers) {
    progress({
      phase: 'rank',
      done: without.size + 1,
      total,
      message: `sensitivity of layer ${String(without.size + 1)} of ${String(layers.length)}`,
    });
    without.set(layer, await errorOf([layer]));
  }
  progress({ phase: 'rank', done: total, total, message: `sensitivity of ${String(layers.length)} layers` });
  return rankLayers(whole, without);
}

function referenceOf(
  { head }: ModelSource,
  names: readonly string[],
  results: Readonly<Record<string, Tensor>>,
): readonly ReferenceOutput[] {
  if ('why' in head) return outputReference(names, results);
  const outputs = names.map((name): ConvOutput => {
    const [, channels = 0, height = 0, width = 0] = results[name]?.dims ?? [];
    return { name, channels, height, width, data: Float32Array.from(floatsOf(results[name])) };
  });
  const weights = cellWeights(head, head.detector.classes, outputs);
  const logits = outputs.map(({ data }) => data);
  return audibleLogits(head, head.detector.classes, logits).map((values, at) => ({ values, weights: weights[at] as Float32Array }));
}

function integersOf(tensor: Tensor | undefined): Uint8Array {
  if (tensor?.type !== 'uint8') throw new TypeError('integer logits are not uint8');
  return tensor.data;
}

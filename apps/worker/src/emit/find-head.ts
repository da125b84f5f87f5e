import type { OrtAdapter } from '@takt/engine-ort';
import type { Tensor } from '@takt/engines';
import { DataType, serializeModel } from '@takt/onnx';
import type { Detector, Model } from '@takt/onnx';
import { fitHead } from '@takt/quantization';
import type { ConvOutput, FittedHead } from '@takt/quantization';
import type { InputModel } from '../golden/input-model.js';
import { BACKGROUND_THREADS } from '../process/background-threads.js';

/** How the last convolutions of a detector become its output, or why that could not be told. */
export type DetectorHead = (FittedHead & { readonly detector: Detector }) | { readonly why: string };

/** Deterministic noise: every cell of the head gets logits of its own, so that nothing in a decode stays untried. */
const noise = (length: number, scale: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((Math.imul(i + 1, 2_654_435_761) >>> 24) / 255) * scale);

/**
 * Runs the model once, with its last convolutions as further outputs, and finds how their logits become its output.
 *
 * @param folded the model after ONNX Runtime's basic optimization.
 * @param convs values of its last convolutions.
 */
export async function findHead(
  engine: OrtAdapter,
  folded: Model,
  convs: readonly string[],
  { detector, input }: Pick<InputModel, 'detector' | 'input'>,
): Promise<DetectorHead> {
  if (detector === null) return { why: 'it is no detector that takt decodes' };
  const { graph } = folded;
  const known = new Set(graph.output.map(({ name }) => name));
  const added = convs.filter((name) => !known.has(name)).map((name) => ({ name, type: { tensorType: { elemType: DataType.float } } }));
  const session = await engine.loadBytes(
    serializeModel({ ...folded, graph: { ...graph, output: [...graph.output, ...added] } }),
    BACKGROUND_THREADS,
    'the model',
  );
  try {
    const { width, height } = input;
    const data = noise(3 * width * height, input.pixels.range === 'byte' ? 255 : 1);
    const results = await session.run({ [input.name]: { type: 'float32', data, dims: [1, 3, height, width] } });
    const decoded = results[detector.output];
    if (decoded?.type !== 'float32') return { why: `the model gives no float32 output "${detector.output}"` };
    const outputs = convs.map((name) => toConvOutput(name, results[name]));
    const missing = outputs.findIndex((output) => output === undefined);
    if (missing >= 0) return { why: `the convolution of "${convs[missing] ?? ''}" gives no plane of float32 logits` };
    const fit = fitHead({ family: detector.family, width, height, classes: detector.classes }, outputs as ConvOutput[], decoded);
    return 'why' in fit ? fit : { ...fit, detector };
  } finally {
    await session.release();
  }
}

function toConvOutput(name: string, tensor: Tensor | undefined): ConvOutput | undefined {
  if (tensor?.type !== 'float32' || tensor.dims.length !== 4) return undefined;
  const [, channels = 0, height = 0, width = 0] = tensor.dims;
  return { name, channels, height, width, data: tensor.data };
}

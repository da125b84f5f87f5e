import type { Tensor } from '@takt/engines';
import { channelWeights } from '@takt/quantization';
import type { ReferenceOutput } from '@takt/quantization';

/** Outputs of a model for one image, each channel of them counting alike; copies, since an engine may reuse its buffers. */
export const outputReference = (names: readonly string[], results: Readonly<Record<string, Tensor>>): readonly ReferenceOutput[] =>
  names.map((name) => {
    const { dims } = results[name] ?? { dims: [] };
    const values = Float32Array.from(floatsOf(results[name]));
    return { values, weights: channelWeights(values, dims, channelAxis(dims)) };
  });

/** Predictions have few terms and lie along the longer axis; planes have their channels first. */
const channelAxis = (dims: readonly number[]): number =>
  dims.length === 3 && (dims[2] ?? 0) < (dims[1] ?? 0) ? 2 : Math.min(1, dims.length - 1);

export function floatsOf(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type !== 'float32') throw new TypeError('an output that was compared is not of floats');
  return tensor.data;
}

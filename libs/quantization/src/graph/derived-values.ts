import { intAttribute } from '@takt/onnx';
import { isMove, siluOf } from './region.js';
import type { Region } from './region.js';

/** How a value's distribution follows from others', so that it needs no measuring. */
export type Source =
  | { readonly kind: 'sigmoid' | 'silu'; readonly of: string }
  /** Holds nothing but elements of these values, or means of some. */
  | { readonly kind: 'copy'; readonly of: readonly string[] };

/**
 * The values that need no measuring, in graph order. In a SiLU network that is two of three: calibration would otherwise reduce
 * and sample the same numbers again and again.
 */
export function deriveValues(region: Region): ReadonlyMap<string, Source> {
  const quantized = new Set(region.values);
  const products = new Map<string, string>();
  for (const value of region.values) {
    const silu = siluOf(value, region.index);
    if (silu) products.set(silu.product.output[0] ?? '', value);
  }
  const sources = new Map<string, Source>();
  for (const node of region.nodes) {
    const [first = ''] = node.input;
    const output = node.output[0] ?? '';
    const siluInput = products.get(output);
    if (siluInput !== undefined) sources.set(output, { kind: 'silu', of: siluInput });
    else if (node.opType === 'Sigmoid' && quantized.has(first)) sources.set(output, { kind: 'sigmoid', of: first });
    else if (node.opType === 'Concat' && intAttribute(node, 'axis', 0) !== 0 && node.input.every((name) => quantized.has(name)))
      sources.set(output, { kind: 'copy', of: node.input });
    else if (isMove(node) && quantized.has(first)) for (const name of node.output) sources.set(name, { kind: 'copy', of: [first] });
  }
  return sources;
}

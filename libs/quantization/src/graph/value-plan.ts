import { intAttribute } from '@takt/onnx';
import type { GraphIndex } from '@takt/onnx';
import type { Range } from '../math/affine.js';
import type { Transfer } from '../math/range-search.js';
import { UnionFind } from '../math/union-find.js';
import { isMove } from './region.js';
import type { Region } from './region.js';

/** How the parameters of the quantized values are to be chosen. */
export interface ValuePlan {
  /** Values that must share one scale and zero point, so that Concat, MaxPool and Resize become plain copies. */
  readonly groups: readonly (readonly string[])[];
  /** Ranges that are known without data. */
  readonly analytic: ReadonlyMap<string, Range>;
  /** What hides part of a value's error. `identity` where not listed. */
  readonly transfers: ReadonlyMap<string, Transfer>;
  /** Values whose per-channel means are wanted: the inputs of convolutions. */
  readonly channelMeans: ReadonlySet<string>;
}

const UNIT: Range = { low: 0, high: 1 };

export function planValues(region: Region): ValuePlan {
  const ties = new UnionFind();
  const quantized = new Set(region.values);
  const analytic = new Map<string, Range>();
  const transfers = new Map<string, Transfer>();
  const channelMeans = new Set<string>();
  for (const node of region.nodes) {
    const [first = ''] = node.input;
    if (node.opType === 'Concat' && intAttribute(node, 'axis', 0) !== 0) {
      for (const input of node.input) ties.union(node.output[0] ?? '', input);
    } else if (isMove(node)) {
      for (const output of node.output) ties.union(first, output);
    } else if (node.opType === 'Sigmoid') {
      analytic.set(node.output[0] ?? '', UNIT);
    } else if (node.opType === 'Conv') {
      channelMeans.add(first);
    }
  }
  for (const value of region.values) if (feedsOnlySilu(value, region.index)) transfers.set(value, 'silu');
  return { groups: ties.groups(quantized), analytic, transfers, channelMeans };
}

/** Whether a value is read by exactly one Sigmoid and by the Mul of that Sigmoid's output with the value itself. */
function feedsOnlySilu(value: string, index: GraphIndex): boolean {
  const uses = index.usesOf(value);
  if (uses.length !== 2 || index.outputs.has(value)) return false;
  const sigmoid = uses.find(({ node }) => node.opType === 'Sigmoid')?.node;
  const product = uses.find(({ node }) => node.opType === 'Mul')?.node;
  return sigmoid !== undefined && product !== undefined && product.input.includes(sigmoid.output[0] ?? '');
}

import { intAttribute } from '@takt/onnx';
import type { Range } from '../math/affine.js';
import type { Transfer } from '../math/range-search.js';
import { UnionFind } from '../math/union-find.js';
import { deriveValues } from './derived-values.js';
import type { Source } from './derived-values.js';
import { isMove, siluOf } from './region.js';
import type { Region } from './region.js';

/** How the parameters of the quantized values are to be chosen. */
export interface ValuePlan {
  /** Values that must share one scale and zero point, so that Concat, MaxPool and Resize become plain copies. */
  readonly groups: readonly (readonly string[])[];
  /** The same for symmetric parameters, where the operands of an addition share a scale too. */
  readonly symmetricGroups: readonly (readonly string[])[];
  /** Values that follow from others; the rest is measured. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Values to measure, in graph order. */
  readonly measured: readonly string[];
  /** Ranges that are known without data. */
  readonly analytic: ReadonlyMap<string, Range>;
  /** What hides part of a value's error. `identity` where not listed. */
  readonly transfers: ReadonlyMap<string, Transfer>;
  /** Values whose per-channel means are wanted: the inputs of convolutions. */
  readonly channelMeans: ReadonlySet<string>;
  /** Values whose extremes are wanted per channel: the outputs of the last convolutions. */
  readonly channelRanges: ReadonlySet<string>;
}

const UNIT: Range = { low: 0, high: 1 };

export function planValues(region: Region): ValuePlan {
  const ties = new UnionFind();
  const symmetricTies = new UnionFind();
  const quantized = new Set(region.values);
  const analytic = new Map<string, Range>();
  const transfers = new Map<string, Transfer>();
  const channelMeans = new Set<string>();
  const tie = (a: string, b: string): void => {
    ties.union(a, b);
    symmetricTies.union(a, b);
  };
  for (const node of region.nodes) {
    const [first = ''] = node.input;
    if (node.opType === 'Concat' && intAttribute(node, 'axis', 0) !== 0) {
      for (const input of node.input) tie(node.output[0] ?? '', input);
    } else if (isMove(node)) {
      for (const output of node.output) tie(first, output);
    } else if (node.opType === 'Add') {
      symmetricTies.union(first, node.input[1] ?? first);
    } else if (node.opType === 'Sigmoid') {
      analytic.set(node.output[0] ?? '', UNIT);
    } else if (node.opType === 'Conv') {
      channelMeans.add(first);
    }
  }
  for (const value of region.values) if (siluOf(value, region.index)) transfers.set(value, 'silu');
  const channelRanges = new Set([...region.detectConvs].map((conv) => conv.output[0] ?? '').filter((value) => quantized.has(value)));
  const sources = deriveValues(region);
  return {
    sources,
    measured: region.values.filter((value) => !sources.has(value)),
    groups: ties.groups(quantized),
    symmetricGroups: symmetricTies.groups(quantized),
    analytic,
    transfers,
    channelMeans,
    channelRanges,
  };
}

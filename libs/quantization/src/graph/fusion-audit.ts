import { indexGraph, nodeLabel } from '@takt/onnx';
import type { Model } from '@takt/onnx';

/** Whether the engine really runs the integers that were asked for. */
export interface FusionAudit {
  readonly expectedConvs: number;
  readonly integerConvs: number;
  /** Convolutions that run in float between a DequantizeLinear and a QuantizeLinear, by name. */
  readonly unfused: readonly string[];
  /** Q and DQ nodes left anywhere in the graph that runs. */
  readonly quantizeNodes: number;
  readonly dequantizeNodes: number;
  /** Operators of the graph that runs, with their counts. */
  readonly nodesByOp: Readonly<Record<string, number>>;
  /** All expected convolutions run in integers. */
  readonly fused: boolean;
}

const FLOAT_CONVS = new Set(['Conv', 'FusedConv', 'NhwcFusedConv', 'NhwcConv']);

/** @param optimized what the engine made of the emitted model at its highest level. */
export function auditFusion(optimized: Model, expectedConvs: number): FusionAudit {
  const { graph } = optimized;
  const index = indexGraph(graph);
  const counts = new Map<string, number>();
  const unfused: string[] = [];
  for (const node of graph.node) {
    const op = node.opType ?? '';
    counts.set(op, (counts.get(op) ?? 0) + 1);
    if (!FLOAT_CONVS.has(op)) continue;
    const fromInteger = index.producers.get(node.input[0] ?? '')?.opType === 'DequantizeLinear';
    const toInteger = index.usesOf(node.output[0] ?? '').some((use) => use.node.opType === 'QuantizeLinear');
    if (fromInteger && toInteger) unfused.push(nodeLabel(node));
  }
  const integerConvs = counts.get('QLinearConv') ?? 0;
  return {
    expectedConvs,
    integerConvs,
    unfused,
    quantizeNodes: counts.get('QuantizeLinear') ?? 0,
    dequantizeNodes: counts.get('DequantizeLinear') ?? 0,
    nodesByOp: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    fused: integerConvs === expectedConvs && unfused.length === 0,
  };
}

import type { Model } from '@takt/onnx';

/**
 * Makes a file of what ONNX Runtime made of a model with Q and DQ: the integer operators themselves. Only the operator sets that are used
 * stay (ONNX Runtime adds all it knows), and the names and the metadata that the model had.
 *
 * @param emitted the model with Q and DQ.
 * @param extended the same after ONNX Runtime's extended optimization, which is not bound to this CPU.
 */
export function toQOperator(emitted: Model, extended: Model): Model {
  const used = new Set(extended.graph.node.map(({ domain }) => domain ?? ''));
  return {
    ...extended,
    irVersion: emitted.irVersion,
    producerName: emitted.producerName,
    producerVersion: emitted.producerVersion,
    opsetImport: extended.opsetImport.filter(({ domain }) => used.has(domain ?? '')),
    metadataProps: emitted.metadataProps,
    graph: { ...extended.graph, valueInfo: [] },
  };
}

import type { Model } from '@takt/onnx';

/**
 * Gives every graph node a name that trtexec's `--layerPrecisions` can hold: TensorRT calls its layers after the nodes, invents
 * names for those without one, and the option splits at commas.
 */
export function nameLayers(model: Model): Model {
  const node = model.graph.node.map((current) => {
    const given = current.name ?? '';
    const name = (given === '' ? (current.output[0] ?? '') : given).replaceAll(',', '_');
    return name === given ? current : { ...current, name };
  });
  return { ...model, graph: { ...model.graph, node } };
}

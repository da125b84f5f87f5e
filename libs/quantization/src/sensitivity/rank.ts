/** What a layer costs in accuracy. */
export interface LayerGain {
  /** Value that the layer's convolution makes. */
  readonly layer: string;
  /** Share of the whole error that goes when this layer alone is left in float; may be negative where errors cancel. */
  readonly share: number;
}

/**
 * Layers by what leaving each of them in float gains, the largest first.
 *
 * @param whole mean squared error of the outputs with every layer in integers.
 * @param without the same with one layer in float, by layer.
 */
export function rankLayers(whole: number, without: ReadonlyMap<string, number>): readonly LayerGain[] {
  return [...without]
    .map(([layer, error]) => ({ layer, share: whole > 0 ? (whole - error) / whole : 0 }))
    .sort((a, b) => b.share - a.share || (a.layer < b.layer ? -1 : 1));
}

import { seededRandom } from './random.js';

export interface QuantileRatioInput {
  /** Values of the engine compared against, in the order they were served. */
  readonly previous: readonly number[];
  readonly candidate: readonly number[];
  /** Fraction 0–1. */
  readonly p: number;
  /** Consecutive values per block; block i of one engine was served next to block i of the other. */
  readonly blockFrames: number;
  readonly resamples: number;
  readonly seed: number;
}

interface Ranked {
  readonly values: Float64Array;
  /** Block of each value, in ascending order of the values. */
  readonly blocks: Int32Array;
  readonly perBlock: Int32Array;
}

/**
 * Bootstrap distribution of `quantile(candidate) / quantile(previous)`, ascending.
 *
 * Pairs of neighbouring blocks are drawn with replacement in runs of √pairs adjacent ones (circular moving-block bootstrap: Künsch
 * 1989, Politis and Romano 1992), and a drawn pair weighs in both engines: noise of the host that lasts longer than a block
 * meets both sides and cancels, and noise of one process that lasts for many blocks (the scheduler put it on the busier core)
 * keeps its correlation, so that it widens the distribution. Quantiles of a resample are inverted-distribution
 * quantiles found by one walk over the values sorted once, so the cost is `resamples × (previous + candidate)` additions.
 */
export function quantileRatios(input: QuantileRatioInput): Float64Array {
  const { p, blockFrames, resamples, seed } = input;
  const pairs = Math.floor(Math.min(input.previous.length, input.candidate.length) / blockFrames);
  if (pairs < 2) throw new RangeError(`a comparison needs at least ${String(2 * blockFrames)} frames of each engine`);
  const previous = rank(input.previous, blockFrames, pairs);
  const candidate = rank(input.candidate, blockFrames, pairs);
  const random = seededRandom(seed);
  const run = Math.ceil(Math.sqrt(pairs));
  const weights = new Int32Array(pairs);
  const ratios = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample += 1) {
    weights.fill(0);
    for (let drawn = 0; drawn < pairs;) {
      const start = Math.floor(random() * pairs);
      for (let offset = 0; offset < run && drawn < pairs; offset += 1, drawn += 1) {
        const pair = (start + offset) % pairs;
        weights[pair] = (weights[pair] ?? 0) + 1;
      }
    }
    ratios[resample] = weightedQuantile(candidate, weights, p) / weightedQuantile(previous, weights, p);
  }
  return ratios.sort();
}

/** Values past the last whole block join the last pair. */
function rank(values: readonly number[], blockFrames: number, pairs: number): Ranked {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const perBlock = new Int32Array(pairs);
  const blocks = Int32Array.from(order, (index) => Math.min(Math.floor(index / blockFrames), pairs - 1));
  for (const block of blocks) perBlock[block] = (perBlock[block] ?? 0) + 1;
  return { values: Float64Array.from(order, (index) => values[index] ?? 0), blocks, perBlock };
}

function weightedQuantile(ranked: Ranked, weights: Int32Array, p: number): number {
  let total = 0;
  for (let block = 0; block < weights.length; block += 1) total += (weights[block] ?? 0) * (ranked.perBlock[block] ?? 0);
  const wanted = p * total;
  let seen = 0;
  for (let index = 0; index < ranked.values.length; index += 1) {
    seen += weights[ranked.blocks[index] ?? 0] ?? 0;
    if (seen >= wanted) return ranked.values[index] ?? 0;
  }
  return ranked.values[ranked.values.length - 1] ?? 0;
}

import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import type { LayerGain } from '@takt/quantization';
import { digestOf } from '../golden/digest.js';
import { isFinding } from './is-finding.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';

/** What an emitter gives. */
export interface EmittedArtifact {
  readonly bytes: Uint8Array;
  /** What the fusion audit found wrong, null when all is fused as intended. */
  readonly auditFailure: string | null;
  /** What was done, in words. */
  readonly notes: readonly string[];
}

/** How the artifacts of one recipe are made of a model. */
export interface RecipeEmitter {
  /** What it is, e.g. "INT8 with 7-bit weights". */
  readonly name: string;
  /** What tells it from other forms of the same recipe, e.g. "the first convolution in float"; empty where a recipe has no forms. */
  readonly form: string;
  /** @param reverted convolutions that stay in float, by the value they make. */
  emit(reverted: readonly string[]): Promise<EmittedArtifact>;
  /** Layers by what leaving each in float gains; null for a recipe that is taken as it is. */
  readonly rank: (() => Promise<readonly LayerGain[]>) | null;
  /** What people call the layers that make these values. */
  layerNames(values: readonly string[]): Promise<readonly string[]>;
}

/** One try to buy accuracy back. */
export interface RevertStep {
  /** Layers that went back to float in it, by their names. */
  readonly layers: readonly string[];
  /** What is lost with all reverts up to it, in the unit of the budget. */
  readonly lost: number;
  /** Milliseconds before and after it, measured in turns; null where the artifact does not run on this machine. */
  readonly latencyMs: { readonly before: number; readonly after: number } | null;
  /** Why the layers went to integers again; null where they stayed in float. */
  readonly refused: string | null;
}

/** What it took to get an artifact inside the budget. */
export interface FitTrail {
  /** Layers that went back to float, by the value they make. */
  readonly reverted: readonly string[];
  /** The same by their names. */
  readonly revertedLayers: readonly string[];
  readonly steps: readonly RevertStep[];
  /** Layers with the largest share of the error, by their names; empty where nothing had to be ranked. */
  readonly worst: readonly { readonly layer: string; readonly share: number }[];
}

/** An artifact in the work folder, how accurate it is, and what that took. */
export interface FittedArtifact<Q> extends EmittedArtifact, FitTrail {
  readonly path: string;
  readonly digest: Digest;
  readonly quality: Q;
}

export interface FitParts<Q extends { readonly lost: number }> {
  /** Puts an artifact where the engine can load it; gives its path. */
  readonly save: (digest: Digest, bytes: Uint8Array) => Promise<string>;
  /** The most that may be lost. */
  readonly budget: number;
  /** What an artifact file loses against FP32. */
  readonly measure: (path: string, label: string) => Promise<Q>;
  /** Median milliseconds of artifact files, measured in turns; null where they are not for this machine. */
  readonly time: ((paths: readonly string[]) => Promise<readonly number[]>) | null;
  /** Called for an artifact that was measured and is not kept. */
  readonly discard: (path: string) => Promise<void>;
}

/** Tries at most; each makes, audits, measures and times an artifact. */
const MOST_TRIES = 12;
/** Layers go back one by one at first, then more at a time: what is far down the ranking gains little each. */
const ONE_BY_ONE = 4;
/** A layer in float costs what its integers gained. One that costs this share of all that integers gain has broken a fusion around it. */
const BROKEN_FUSION = 0.3;
const WORST_NAMED = 10;

export const pointsLost = (fp32: GoldenAccuracy, accuracy: GoldenAccuracy): number => (fp32.map50_95 - accuracy.map50_95) * 100;

/**
 * The artifact of one recipe. Where it loses more than the budget, the layers that cost most go back to float, the worst first, until
 * it is inside; each try is timed beside the one before, so that a layer whose float breaks a fusion is seen, and goes to integers
 * again. Where no try is inside, the one that loses least is given.
 *
 * @param fp32 path of the model in float, which speed is compared with.
 * @throws TaktError of the emitter where the model allows no such artifact.
 */
export async function fitBudget<Q extends { readonly lost: number }>(
  recipe: RecipeEmitter,
  fp32: string,
  parts: FitParts<Q>,
): Promise<FittedArtifact<Q>> {
  type Attempt = Omit<FittedArtifact<Q>, 'revertedLayers' | 'steps' | 'worst'>;
  const attempt = async (reverted: readonly string[]): Promise<Attempt> => {
    const emitted = await recipe.emit(reverted);
    const digest = digestOf(emitted.bytes);
    const path = await parts.save(digest, emitted.bytes);
    return { ...emitted, digest, path, reverted, quality: await parts.measure(path, recipe.name) };
  };
  const inside = ({ quality }: Attempt): boolean => quality.lost <= parts.budget;
  let best = await attempt([]);
  if (inside(best) || recipe.rank === null) return { ...best, revertedLayers: [], steps: [], worst: [] };

  const ranking = await recipe.rank();
  const candidates = ranking.filter(({ share }) => share > 0).map(({ layer }) => layer);
  const steps: RevertStep[] = [];
  /** All reverts that stand; not always the most accurate artifact, since a loss on few images is no smooth function of them. */
  let current = best;
  let gained: number | undefined;
  while (candidates.length > 0 && steps.length < MOST_TRIES) {
    const added = candidates.splice(0, steps.length < ONE_BY_ONE ? 1 : Math.ceil(current.reverted.length / 2) || 1);
    const next = await tryOrStop(() => attempt([...current.reverted, ...added]));
    if (next === undefined) break;
    const speed = parts.time === null ? null : await parts.time([fp32, current.path, next.path]);
    const [floatMs = 0, before = 0, after = 0] = speed ?? [];
    gained ??= floatMs - before;
    const refused =
      speed === null
        ? null
        : after >= floatMs
          ? 'is not faster than FP32 any more'
          : added.length === 1 && after - before > BROKEN_FUSION * Math.max(gained, 0)
            ? 'breaks a fusion around it'
            : null;
    const latencyMs = speed === null ? null : { before, after };
    steps.push({ layers: await recipe.layerNames(added), lost: next.quality.lost, latencyMs, refused });
    if (refused !== null) {
      await parts.discard(next.path);
      continue;
    }
    const left = [current, best];
    current = next;
    if (next.quality.lost < best.quality.lost) best = next;
    for (const each of new Set(left)) if (each !== current && each !== best) await parts.discard(each.path);
    if (inside(best)) break;
  }
  if (current !== best) await parts.discard(current.path);
  const worst = ranking.slice(0, WORST_NAMED);
  const names = await recipe.layerNames(worst.map(({ layer }) => layer));
  return {
    ...best,
    revertedLayers: await recipe.layerNames(best.reverted),
    steps,
    worst: worst.map(({ share }, at) => ({ layer: names[at] ?? '', share })),
  };
}

/** With more in float there may be nothing left to quantize; that ends the search, it is no failure of what was made. */
async function tryOrStop<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof TaktError && isFinding(error)) return undefined;
    throw error;
  }
}

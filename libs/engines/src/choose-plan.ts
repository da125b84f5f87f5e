import { Recipe } from './engine-plan.js';
import type { Candidate } from './engine-plan.js';
import { describeCandidate, describeSpeed, recipeWords } from './words.js';

/** A candidate as measured, before it is judged. */
export type MeasuredCandidate = Omit<Candidate, 'verdict' | 'reason'>;

export interface ChooseOptions {
  /** Whether a candidate that is not faster than FP32 may be chosen (an operator forced it, with a reason). */
  readonly waived: boolean;
  /** Recipes the release offers; others were measured as reference only. Default: all. */
  readonly recipes?: readonly Recipe[];
}

export interface PlanChoice {
  /** Every candidate in the given order, with its verdict and the numbers behind it. */
  readonly candidates: readonly Candidate[];
  /** The fastest one inside the bounds; null when none is. */
  readonly chosen: Candidate | null;
  /** Why this one, or why none. */
  readonly reason: string;
}

/**
 * Difference in p50 below which two candidates count as equally fast, as a fraction. A plan with fewer threads wins a tie,
 * and a recipe that changes the numbers must beat FP32 by more than this.
 */
export const SPEED_TIE = 0.03;

/**
 * Chooses the fastest candidate (p50 of the whole pipeline) inside the accuracy budget that is faster than FP32.
 *
 * @param budgetPoints allowed drop of mAP@0.5:0.95 against FP32, in points (hundredths). The waiver does not widen it.
 */
export function choosePlan(measured: readonly MeasuredCandidate[], budgetPoints: number, options: ChooseOptions): PlanChoice {
  const offered = new Set<Recipe>(options.recipes ?? Object.values(Recipe));
  const reference = fastest(measured.filter((candidate) => candidate.recipe === Recipe.fp32));
  const judged = measured.map((candidate) => judge(candidate, reference, budgetPoints, options.waived, offered));
  const accepted = judged.filter((candidate) => candidate.verdict === 'accepted');
  const best = lightestOfTie(accepted);
  if (best === undefined) {
    return { candidates: judged, chosen: null, reason: noneReason(judged, offered) };
  }
  const reason = chosenReason(best, judged, reference, budgetPoints);
  const chosen: Candidate = { ...best, verdict: 'chosen', reason };
  const candidates = judged.map((candidate) =>
    candidate === best
      ? chosen
      : candidate.verdict === 'accepted'
        ? { ...candidate, reason: `${candidate.reason}; ${notBest(candidate, best)}` }
        : candidate,
  );
  return { candidates, chosen, reason };
}

function judge(
  candidate: MeasuredCandidate,
  reference: MeasuredCandidate | undefined,
  budgetPoints: number,
  waived: boolean,
  offered: ReadonlySet<Recipe>,
): Candidate {
  const rejected = (reason: string): Candidate => ({ ...candidate, verdict: 'rejected', reason });
  if (!offered.has(candidate.recipe))
    return rejected(`measured as the reference only: the release does not offer ${recipeWords(candidate.recipe)}`);
  if (candidate.recipe === Recipe.fp32) return { ...candidate, verdict: 'accepted', reason: describeSpeed(candidate) };
  // Half a thousandth of a point is below what 64 images can tell apart; it only absorbs rounding of the sum.
  if (candidate.dropPoints > budgetPoints + 5e-4) {
    return rejected(`loses ${points(candidate.dropPoints)} points of mAP@0.5:0.95, ${points(budgetPoints)} allowed`);
  }
  if (reference === undefined) return { ...candidate, verdict: 'accepted', reason: describeSpeed(candidate) };
  const gain = reference.speed.p50Ms / candidate.speed.p50Ms;
  const against = `${gain.toFixed(2)}× FP32 (${ms(candidate)} against ${ms(reference)} per frame)`;
  if (gain > 1 + SPEED_TIE) return { ...candidate, verdict: 'accepted', reason: against };
  if (waived) return { ...candidate, verdict: 'accepted', reason: `${against}, allowed by the waived build check` };
  return rejected(`${against}: not faster than FP32, so the numbers are not changed for it`);
}

const fastest = (candidates: readonly MeasuredCandidate[]): MeasuredCandidate | undefined =>
  candidates.reduce<MeasuredCandidate | undefined>(
    (best, candidate) => (best === undefined || candidate.speed.p50Ms < best.speed.p50Ms ? candidate : best),
    undefined,
  );

/** Of those as fast as the fastest, the one that costs the box least. `intraOp` 0 (library default) takes every core. */
function lightestOfTie(accepted: readonly Candidate[]): Candidate | undefined {
  const best = fastest(accepted);
  if (best === undefined) return undefined;
  const cost = (candidate: Candidate): number =>
    (candidate.threads.intraOp === 0 ? 10_000 : candidate.threads.intraOp * 2) + (candidate.threads.spin ? 1 : 0);
  return accepted
    .filter((candidate) => candidate.recipe === best.recipe && candidate.speed.p50Ms <= best.speed.p50Ms * (1 + SPEED_TIE))
    .sort((a, b) => cost(a) - cost(b) || a.speed.p50Ms - b.speed.p50Ms)[0];
}

function chosenReason(
  best: Candidate,
  judged: readonly Candidate[],
  reference: MeasuredCandidate | undefined,
  budgetPoints: number,
): string {
  const name = describeCandidate(best);
  if (best.recipe !== Recipe.fp32 && reference !== undefined) {
    const gain = reference.speed.p50Ms / best.speed.p50Ms;
    const loss = best.dropPoints > 0 ? `loses ${points(best.dropPoints)}` : `gains ${points(-best.dropPoints)}`;
    return `${name} is ${gain.toFixed(2)}× FP32 (${ms(best)} against ${ms(reference)} per frame) and ${loss} of ${points(budgetPoints)} allowed points of mAP@0.5:0.95`;
  }
  const rivals = judged.filter((candidate) => candidate.recipe !== Recipe.fp32);
  const rival = fastest(rivals);
  if (rival === undefined) return `${name}: ${describeSpeed(best)}`;
  const why = rivals.find((candidate) => candidate.recipe === rival.recipe && candidate.threads === rival.threads)?.reason ?? '';
  return `${name} stays (${ms(best)} per frame): ${describeCandidate(rival)} ${why}`;
}

function noneReason(judged: readonly Candidate[], offered: ReadonlySet<Recipe>): string {
  const refused = judged.filter((candidate) => offered.has(candidate.recipe));
  if (refused.length === 0) return 'nothing the release offers was measured';
  return `no candidate may be used: ${refused.map((candidate) => `${describeCandidate(candidate)} ${candidate.reason}`).join('; ')}`;
}

const notBest = (candidate: Candidate, best: Candidate): string =>
  candidate.speed.p50Ms > best.speed.p50Ms
    ? `slower than ${describeCandidate(best)} (${ms(best)})`
    : `as fast as ${describeCandidate(best)}, which takes less of the box`;

const ms = (candidate: MeasuredCandidate): string => `${candidate.speed.p50Ms.toFixed(1)} ms`;
const points = (value: number): string => value.toFixed(2);

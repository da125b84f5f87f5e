import { choosePlan, describeCandidate, recipeWords } from '@takt/engines';
import type { Candidate, MeasuredCandidate, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';

/** A measured candidate and what the fusion audit of its artifact said against it (null: nothing). */
export interface AuditedCandidate {
  readonly measured: MeasuredCandidate;
  readonly auditFailure: string | null;
}

/** A recipe that could not be made into an artifact, and why. */
export interface FailedRecipe {
  readonly recipe: Recipe;
  readonly reason: string;
}

export interface DecideOptions {
  readonly budgetPoints: number;
  /** An operator wants one of the offered recipes whatever the figures say. */
  readonly waived: boolean;
  readonly recipes: readonly Recipe[];
}

export interface Decision {
  /** Every measured candidate in the given order, judged. */
  readonly candidates: readonly Candidate[];
  readonly chosen: Candidate;
  readonly reason: string;
}

/**
 * The plan a build keeps: the fastest inside the bounds, its artifact free of audit failures. With `waived`, an offered
 * candidate is taken even outside the bounds, and the reason says which one it breaks.
 *
 * @throws TaktError `NoPlanAcceptable` with every candidate's reason, when nothing may be taken.
 */
export function decide(audited: readonly AuditedCandidate[], failed: readonly FailedRecipe[], options: DecideOptions): Decision {
  const { budgetPoints, waived, recipes } = options;
  const usable = audited.filter(({ auditFailure }) => waived || auditFailure === null);
  const choice = choosePlan(
    usable.map(({ measured }) => measured),
    budgetPoints,
    { waived, recipes },
  );
  const judged = new Map(usable.map((entry, index) => [entry, choice.candidates[index] as Candidate]));
  const candidates = audited.map(
    (entry): Candidate =>
      judged.get(entry) ?? { ...entry.measured, verdict: 'rejected', reason: `fusion audit: ${entry.auditFailure ?? ''}` },
  );
  const notMade = failed.map(({ recipe, reason }) => `${recipeWords(recipe)} could not be made: ${reason}`);
  if (choice.chosen !== null) {
    const audit = audited[candidates.indexOf(choice.chosen)]?.auditFailure;
    const refused = candidates.filter((candidate) => !judgedAs(judged, candidate) && recipes.includes(candidate.recipe));
    const notes = [
      choice.reason,
      ...(audit === null || audit === undefined ? [] : [`the fusion audit fails (${audit}), allowed by the waived build check`]),
      ...distinct(refused.map((candidate) => `${recipeWords(candidate.recipe)} is rejected: ${candidate.reason}`)),
      ...notMade,
    ];
    return { candidates, chosen: choice.chosen, reason: notes.join('; ') };
  }
  const forced = waived ? fastestOffered(candidates, recipes) : undefined;
  if (forced === undefined) {
    throw new TaktError({
      code: 'NoPlanAcceptable',
      message: [
        choice.reason,
        ...candidates.filter((candidate) => !judgedAs(judged, candidate)).map((c) => `${describeCandidate(c)} ${c.reason}`),
        ...notMade,
      ].join('; '),
      action: 'offer fp32 too, raise the accuracy budget, or waive the build check with a reason',
      component: 'worker',
    });
  }
  const reason = [`${describeCandidate(forced)} is taken because the build check is waived: ${forced.reason}`, ...notMade].join('; ');
  const chosen: Candidate = { ...forced, verdict: 'chosen', reason };
  return { candidates: candidates.map((candidate) => (candidate === forced ? chosen : candidate)), chosen, reason };
}

const judgedAs = (judged: ReadonlyMap<AuditedCandidate, Candidate>, candidate: Candidate): boolean =>
  [...judged.values()].includes(candidate);

const distinct = (items: readonly string[]): string[] => [...new Set(items)];

function fastestOffered(candidates: readonly Candidate[], recipes: readonly Recipe[]): Candidate | undefined {
  return candidates.filter((candidate) => recipes.includes(candidate.recipe)).toSorted((a, b) => a.speed.p50Ms - b.speed.p50Ms)[0];
}

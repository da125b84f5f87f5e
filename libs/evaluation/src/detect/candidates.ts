import type { DetectionThresholds } from './box.js';
import type { CentredBox } from './box-terms.js';

/** Boxes before suppression, in network pixels, as parallel arrays (there may be tens of thousands). */
export interface Candidates {
  readonly classIds: readonly number[];
  readonly scores: readonly number[];
  /** x1, y1, x2, y2 of each candidate. */
  readonly corners: readonly number[];
}

/** Collects candidates in the order in which they are found; equal scores keep it. */
export class CandidateList implements Candidates {
  readonly classIds: number[] = [];
  readonly scores: number[] = [];
  readonly corners: number[] = [];

  /**
   * Adds one prediction: its best class above the threshold, or each class above it with `multiLabel`. NaN is above nothing.
   *
   * @param box asked for only where the prediction gives a candidate.
   */
  addClasses(
    classes: number,
    { confidence, multiLabel }: Pick<DetectionThresholds, 'confidence' | 'multiLabel'>,
    scoreOf: (classId: number) => number,
    box: () => CentredBox,
  ): void {
    let known: CentredBox | undefined;
    let best = -1;
    let bestScore = confidence;
    for (let classId = 0; classId < classes; classId += 1) {
      const score = Math.fround(scoreOf(classId));
      if (!(score > (multiLabel ? confidence : bestScore))) continue;
      if (multiLabel) this.add(classId, score, (known ??= box()));
      else [best, bestScore] = [classId, score];
    }
    if (best >= 0) this.add(best, bestScore, box());
  }

  private add(classId: number, score: number, [x, y, width, height]: CentredBox): void {
    this.classIds.push(classId);
    this.scores.push(score);
    this.corners.push(x - width / 2, y - height / 2, x + width / 2, y + height / 2);
  }
}

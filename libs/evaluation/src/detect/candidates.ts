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

  /** @param x centre in network pixels, as `y`. */
  add(classId: number, score: number, x: number, y: number, width: number, height: number): void {
    this.classIds.push(classId);
    this.scores.push(score);
    this.corners.push(x - width / 2, y - height / 2, x + width / 2, y + height / 2);
  }
}

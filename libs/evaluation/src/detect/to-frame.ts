import type { LetterboxGeometry } from '../image/letterbox.js';
import type { Box } from './box.js';
import type { Candidates } from './candidates.js';

/** Takes kept candidates from network pixels back to the frame's and clips them to it. */
export function toFrame(candidates: Candidates, kept: readonly number[], geometry: LetterboxGeometry): Box[] {
  const { frameWidth, frameHeight, left, top, scaleX, scaleY } = geometry;
  const clip = (value: number, limit: number): number => Math.min(Math.max(value, 0), limit);
  return kept.map((index) => ({
    classId: candidates.classIds[index] as number,
    score: candidates.scores[index] as number,
    x1: clip(((candidates.corners[4 * index] as number) - left) / scaleX, frameWidth),
    y1: clip(((candidates.corners[4 * index + 1] as number) - top) / scaleY, frameHeight),
    x2: clip(((candidates.corners[4 * index + 2] as number) - left) / scaleX, frameWidth),
    y2: clip(((candidates.corners[4 * index + 3] as number) - top) / scaleY, frameHeight),
  }));
}

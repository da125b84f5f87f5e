import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateCoco, readCocoDetections, readCocoGroundTruth } from '../src/index.js';

const reference = process.env['TAKT_REFERENCE_DIR'];
const folder = reference === undefined ? undefined : join(reference, 'data/coco-golden');
const cases = folder === undefined ? ['(no reference)'] : readdirSync(folder).filter((name) => name.endsWith('.json'));

interface GoldenCase {
  readonly groundTruth: unknown;
  readonly detections: unknown;
  readonly expected: { readonly stats: number[]; readonly perClass: { categoryId: number; ap: number | null; ap50: number | null }[] };
}

describe('mAP as pycocotools computes it', () => {
  it.skipIf(folder === undefined).each(cases)('gives the figures of %s (needs TAKT_REFERENCE_DIR)', (name) => {
    const golden = JSON.parse(readFileSync(join(folder as string, name), 'utf8')) as GoldenCase;
    const accuracy = evaluateCoco(readCocoGroundTruth(golden.groundTruth, name), readCocoDetections(golden.detections, name));
    expect(accuracy.stats).toHaveLength(12);
    accuracy.stats.forEach((value, index) => {
      expect(Math.abs(value - (golden.expected.stats[index] as number)), `stats[${String(index)}]`).toBeLessThan(1e-9);
    });
    for (const { categoryId, ap, ap50 } of golden.expected.perClass) {
      // No object of the class: null there, −1 here.
      const mine = accuracy.perCategory.find((category) => category.categoryId === categoryId);
      expect(Math.abs((mine?.ap ?? NaN) - (ap ?? -1))).toBeLessThan(1e-9);
      expect(Math.abs((mine?.ap50 ?? NaN) - (ap50 ?? -1))).toBeLessThan(1e-9);
    }
  });
});

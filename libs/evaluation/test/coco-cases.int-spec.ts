import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { evaluateCoco, readCocoDetections, readCocoGroundTruth } from '../src/index.js';

/** Written by `tools/golden-cases/coco_cases.py`; rows have the columns that the file names. */
interface Cases {
  readonly from: string;
  readonly cases: readonly {
    readonly name: string;
    readonly images: number[];
    readonly categories: number[];
    readonly annotations: number[][];
    readonly detections: number[][];
    readonly expected: { readonly stats: number[]; readonly classes: [id: number, ap50: number, ap: number][] };
  }[];
}

const { cases, from } = JSON.parse(
  gunzipSync(readFileSync(new URL('fixtures/coco-cases.json.gz', import.meta.url))).toString('utf8'),
) as Cases;
type Case = Cases['cases'][number];

const groundTruth = ({ images, categories, annotations }: Case): unknown => ({
  images: images.map((id) => ({ id })),
  categories: categories.map((id) => ({ id, name: `c${String(id)}` })),
  annotations: annotations.map(([id, image_id, category_id, x, y, width, height, area, iscrowd]) => ({
    id,
    image_id,
    category_id,
    bbox: [x, y, width, height],
    area,
    iscrowd,
  })),
});
const detections = (each: Case): unknown =>
  each.detections.map(([image_id, category_id, x, y, width, height, score]) => ({
    image_id,
    category_id,
    bbox: [x, y, width, height],
    score,
  }));

/** Kinds of case, by the word before the number. */
const kinds = [...new Set(cases.map(({ name }) => name.split(' ')[0] as string))];

describe(`mAP of generated cases (${from})`, () => {
  it('has at least 200 of them, of every kind', () => {
    expect(cases.length).toBeGreaterThanOrEqual(200);
    expect(kinds.length).toBeGreaterThanOrEqual(10);
  });

  it.each(kinds)('gives the same twelve figures and the same figures of each class: %s', (kind) => {
    for (const each of cases.filter(({ name }) => name.startsWith(`${kind} `))) {
      const accuracy = evaluateCoco(readCocoGroundTruth(groundTruth(each), each.name), readCocoDetections(detections(each), each.name));
      accuracy.stats.forEach((value, index) => {
        expect(Math.abs(value - (each.expected.stats[index] as number)), `${each.name}: stats[${String(index)}]`).toBeLessThan(1e-9);
      });
      expect(accuracy.perCategory.map(({ categoryId }) => categoryId)).toEqual(each.expected.classes.map(([id]) => id));
      each.expected.classes.forEach(([id, ap50, ap], index) => {
        const mine = accuracy.perCategory[index] as (typeof accuracy.perCategory)[number];
        expect(Math.abs(mine.ap50 - ap50), `${each.name}: AP50 of ${String(id)}`).toBeLessThan(1e-9);
        expect(Math.abs(mine.ap - ap), `${each.name}: AP of ${String(id)}`).toBeLessThan(1e-9);
      });
    }
  });
});

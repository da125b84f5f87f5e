import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface CocoTruth {
  readonly images: { id: number; file_name: string; width: number; height: number }[];
  readonly categories: { id: number; name: string }[];
  readonly annotations: { id: number; image_id: number; category_id: number; bbox: number[]; area: number; iscrowd: number }[];
}

/** Pixels of the sample's images. */
const WIDTH = 480;
const HEIGHT = 360;

/** The labels of a YOLO set as COCO JSON; ids have gaps, and the categories' ids run against the order of the classes. */
export function asCoco(set: string): CocoTruth {
  const names = /names: \[(.+)\]/.exec(readFileSync(join(set, 'data.yaml'), 'utf8'))?.[1]?.split(', ') ?? [];
  const images = readdirSync(join(set, 'images'))
    .sort()
    .map((file_name, index) => ({ id: 10 + 3 * index, file_name, width: WIDTH, height: HEIGHT }));
  const annotations = images.flatMap(({ id, file_name }) =>
    readFileSync(join(set, 'labels', file_name.replace(/\.[^.]+$/, '.txt')), 'utf8')
      .split('\n')
      .filter((row) => row.trim() !== '')
      .map((row) => {
        const [classId, x, y, width, height] = row.split(' ').map(Number) as [number, number, number, number, number];
        const bbox = [(x - width / 2) * WIDTH, (y - height / 2) * HEIGHT, width * WIDTH, height * HEIGHT];
        return { image_id: id, category_id: 100 - 7 * classId, bbox, area: width * WIDTH * height * HEIGHT, iscrowd: 0 };
      }),
  );
  return {
    images,
    categories: names.map((name, classId) => ({ id: 100 - 7 * classId, name })),
    annotations: annotations.map((annotation, index) => ({ id: index + 1, ...annotation })),
  };
}

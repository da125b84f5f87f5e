import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { readCocoDetections, readCocoGroundTruth } from './coco-json.js';
import { toCoco } from './golden-truth.js';
import { readYoloData } from './yolo-data.js';
import { labelPath, parseYoloLabels } from './yolo-labels.js';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(TaktError);
    expect((error as TaktError).action).not.toBe('');
    return (error as TaktError).code;
  }
  return 'none';
};

describe('readYoloData', () => {
  it('reads names as a list or by index, and one folder or several', () => {
    expect(readYoloData({ path: '.', val: 'images/val', names: ['a', 'b'] }, 'val', 'data.yaml')).toEqual({
      path: '.',
      images: ['images/val'],
      names: ['a', 'b'],
    });
    expect(readYoloData({ val: ['x', 'y'], names: { 0: 'a', 1: 'b' } }, 'val', 'data.yaml')).toEqual({
      path: '.',
      images: ['x', 'y'],
      names: ['a', 'b'],
    });
  });

  it('keeps the order of more than nine numbered names', () => {
    const names = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [String(index), `c${String(index)}`]));
    expect(readYoloData({ val: 'x', names }, 'val', 'data.yaml').names[11]).toBe('c11');
  });

  it.each([
    null,
    'text',
    [],
    {},
    { val: 'x' },
    { names: ['a'] },
    { val: 'x', names: [] },
    { val: 'x', names: { 1: 'a' } },
    { val: [1], names: ['a'] },
    { path: 3, val: 'x', names: ['a'] },
  ])('refuses %j', (document) => {
    expect(codeOf(() => readYoloData(document, 'val', 'data.yaml'))).toBe('DatasetFileInvalid');
  });
});

describe('parseYoloLabels', () => {
  it('reads rows, blank lines and Windows ends', () => {
    expect(parseYoloLabels('1 0.5 0.5 0.25 1\r\n\n0 0 0 1.00005 1\n', 2, 'a.txt')).toEqual([
      { classId: 1, bbox: [0.375, 0, 0.25, 1], unit: 'fractions', area: null, crowd: false },
      { classId: 0, bbox: [-1.00005 / 2, -0.5, 1.00005, 1], unit: 'fractions', area: null, crowd: false },
    ]);
    expect(parseYoloLabels('', 2, 'a.txt')).toEqual([]);
  });

  it.each([
    '2 0.5 0.5 1 1',
    '-1 0.5 0.5 1 1',
    '0.5 0.5 0.5 1 1',
    '0 0.5 0.5 1',
    '0 0.5 0.5 1 x',
    '0 1.2 0.5 1 1',
    '0 0.5 0.5 -0.1 1',
    '0 1 2 3 4 5',
  ])('refuses "%s" and names file and row', (row) => {
    expect(codeOf(() => parseYoloLabels(`0 0.5 0.5 1 1\n${row}`, 2, 'a.txt'))).toBe('LabelFileInvalid');
    expect(() => parseYoloLabels(`0 0.5 0.5 1 1\n${row}`, 2, 'a.txt')).toThrow('a.txt, row 2');
  });
});

describe('labelPath', () => {
  it.each([
    ['/data/images/val/a.jpg', '/data/labels/val/a.txt'],
    ['/images/set/images/a.b.png', '/images/set/labels/a.b.txt'],
    ['/data/frames/a.jpg', '/data/frames/a.txt'],
  ])('%s → %s', (image, label) => {
    expect(labelPath(image)).toBe(label);
  });
});

describe('toCoco', () => {
  it('turns fractions into pixels and numbers images from 1', () => {
    const objects = parseYoloLabels('0 0.5 0.5 0.5 0.25', 1, 'a.txt');
    const boxes = [{ classId: 0, score: 0.5, x1: 1, y1: 2, x2: 4, y2: 6 }];
    const { groundTruth, detections } = toCoco([{ width: 100, height: 200, objects, boxes }], ['a']);
    expect(groundTruth).toEqual({
      images: [{ id: 1 }],
      categories: [{ id: 0, name: 'a' }],
      annotations: [{ imageId: 1, categoryId: 0, bbox: [25, 75, 50, 50], area: 2500, crowd: false }],
    });
    expect(detections).toEqual([{ imageId: 1, categoryId: 0, bbox: [1, 2, 3, 4], score: 0.5 }]);
  });

  it('keeps boxes in pixels, their area and that they are crowds', () => {
    const objects = [{ classId: 0, bbox: [10, 20, 30, 40] as const, unit: 'pixels' as const, area: 700, crowd: true }];
    expect(toCoco([{ width: 100, height: 200, objects, boxes: [] }], ['a']).groundTruth.annotations).toEqual([
      { imageId: 1, categoryId: 0, bbox: [10, 20, 30, 40], area: 700, crowd: true },
    ]);
  });
});

describe('COCO JSON', () => {
  const truth = {
    images: [{ id: 1 }],
    categories: [{ id: 2, name: 'a' }],
    annotations: [{ image_id: 1, category_id: 2, bbox: [0, 0, 2, 3], iscrowd: 1 }],
  };

  it('reads ground truth; the area defaults to the box', () => {
    expect(readCocoGroundTruth(truth, 'gt.json').annotations).toEqual([
      { imageId: 1, categoryId: 2, bbox: [0, 0, 2, 3], area: 6, crowd: true },
    ]);
  });

  it.each([
    null,
    [],
    {},
    { ...truth, images: [{}] },
    { ...truth, annotations: [{ image_id: 1, category_id: 2, bbox: [1, 2, 3] }] },
    { ...truth, annotations: [{ image_id: 1.5, category_id: 2, bbox: [1, 2, 3, 4] }] },
    { ...truth, annotations: ['x'] },
  ])('refuses ground truth %j', (document) => {
    expect(codeOf(() => readCocoGroundTruth(document, 'gt.json'))).toBe('CocoFileInvalid');
  });

  it.each([
    {},
    [1],
    [{ image_id: 1, category_id: 1, bbox: [0, 0, 1, 1] }],
    [{ image_id: 1, category_id: 1, bbox: [0, 0, 1, null], score: 1 }],
  ])('refuses detections %j', (document) => {
    expect(codeOf(() => readCocoDetections(document, 'dt.json'))).toBe('CocoFileInvalid');
  });
});

import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { readCocoDataSet } from './coco-data-set.js';
import { readCocoDetections, readCocoGroundTruth } from './coco-json.js';

const box = { image_id: 30, category_id: 90, bbox: [1, 2, 3, 4] };
const truth = {
  images: [
    { id: 30, file_name: 'b.png', width: 64, height: 48 },
    { id: 7, file_name: 'sub/a.jpg' },
  ],
  categories: [
    { id: 90, name: 'pit' },
    { id: 4, name: 'scratch' },
  ],
  annotations: [
    { ...box, id: 11, area: 5, iscrowd: 1 },
    { ...box, category_id: 4 },
  ],
};
const named = { name: 'm.onnx', names: ['scratch', 'stain', 'pit'], classes: 3 };
const nameless = { name: 'm.onnx', names: [], classes: 2 };

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(TaktError);
    const { code, message, action, element } = error as TaktError;
    expect(action).not.toBe('');
    expect(element).toBe('gt.json');
    return `${code} ${message}`;
  }
  return 'accepted';
};

describe('readCocoDataSet', () => {
  it('takes categories as classes by name, images by id, area and crowd as annotated', () => {
    expect(readCocoDataSet(truth, named, 'gt.json')).toEqual({
      names: ['scratch', 'stain', 'pit'],
      classesBy: 'name',
      images: [
        { id: 7, fileName: 'sub/a.jpg', size: null, objects: [] },
        {
          id: 30,
          fileName: 'b.png',
          size: { width: 64, height: 48 },
          objects: [
            { classId: 2, bbox: [1, 2, 3, 4], unit: 'pixels', area: 5, crowd: true },
            { classId: 0, bbox: [1, 2, 3, 4], unit: 'pixels', area: 12, crowd: false },
          ],
        },
      ],
    });
  });

  it('takes categories as classes in the order of their ids where the model has no names', () => {
    const { names, classesBy, images } = readCocoDataSet(truth, nameless, 'gt.json');
    expect({ names, classesBy }).toEqual({ names: ['scratch', 'pit'], classesBy: 'id-order' });
    expect(images[1]?.objects.map(({ classId }) => classId)).toEqual([1, 0]);
  });

  it('lets a category that labels nothing be unknown to the model', () => {
    const categories = [{ id: 0, name: 'defects' }, ...truth.categories];
    expect(readCocoDataSet({ ...truth, categories }, named, 'gt.json').names).toHaveLength(3);
  });

  it.each([
    ['other names', { ...named, names: ['scratch', 'stain', 'dent'] }, '"pit" (category 90)'],
    ['no name in common', { ...named, names: ['a'] }, 'does not detect'],
    ['another number of classes', { ...nameless, classes: 3 }, '2 categories'],
  ])('refuses %s', (_, model, words) => {
    const said = refusal(() => readCocoDataSet(truth, model, 'gt.json'));
    expect(said).toMatch(/^ClassesDiffer /);
    expect(said).toContain(words);
  });

  it('refuses categories none of which the model knows, labelled or not', () => {
    expect(refusal(() => readCocoDataSet({ ...truth, annotations: [] }, { ...named, names: ['a'] }, 'gt.json'))).toContain(
      'none of the classes',
    );
  });

  const image = truth.images[0];
  it.each([
    ['no image', { images: [], annotations: [] }, 'no image'],
    ['no file name', { images: [{ id: 30 }], annotations: [] }, 'id 30'],
    ['a file name that is a number', { images: [{ ...image, file_name: 4 }] }, 'images[0]'],
    ['an absolute file name', { images: [{ ...image, file_name: '/etc/passwd' }] }, '/etc/passwd'],
    ['a file name that climbs out', { images: [{ ...image, file_name: 'a/../../b.jpg' }] }, 'a/../../b.jpg'],
    ['one file twice', { images: [image, { ...image, id: 31 }] }, 'images[0] and images[1]'],
    ['a size that is none', { images: [{ ...image, width: -1 }] }, '-1 × 48'],
    ['half a size', { images: [{ ...image, width: undefined }] }, '"width"'],
    ['one category name twice', { categories: [truth.categories[0], { id: 4, name: 'pit' }] }, '"pit"'],
  ])('refuses %s', (_, change, words) => {
    const said = refusal(() => readCocoDataSet({ ...truth, ...change }, named, 'gt.json'));
    expect(said).toMatch(/^CocoFileInvalid gt.json: /);
    expect(said).toContain(words);
  });
});

describe('hostile COCO JSON', () => {
  it.each([
    ['images that are no list', { images: {} }, '"images"'],
    ['categories that are missing', { categories: undefined }, '"categories"'],
    ['an id that is text', { images: [{ id: '30' }] }, 'images[0]'],
    ['an id above the whole numbers', { images: [{ id: 1e300 }] }, 'images[0]'],
    ['an image id twice', { images: [{ id: 30 }, { id: 30 }] }, 'images[0] and images[1] have the same id, 30'],
    ['a category id twice', { categories: [{ id: 90 }, { id: 90 }] }, 'categories[0] and categories[1]'],
    ['a name that is a number', { categories: [{ id: 90, name: 3 }] }, 'categories[0]'],
    [
      'an annotation id twice',
      {
        annotations: [
          { ...box, id: 1 },
          { ...box, id: 1 },
        ],
      },
      'annotations[0] and annotations[1]',
    ],
    ['an annotation id that is text', { annotations: [{ ...box, id: 'x' }] }, 'annotations[0]'],
    ['an unknown image', { annotations: [{ ...box, image_id: 8 }] }, 'annotations[0] names image 8'],
    ['an unknown category', { annotations: [{ ...box, category_id: 8 }] }, 'annotations[0] names category 8'],
    [
      'a negative width',
      { annotations: [box, { ...box, bbox: [5, 5, -1, 2] }] },
      'annotations[1] has a "bbox" of negative size, [5,5,-1,2]',
    ],
    ['a box of text', { annotations: [{ ...box, bbox: '1 2 3 4' }] }, 'annotations[0]'],
    ['a box of five', { annotations: [{ ...box, bbox: [1, 2, 3, 4, 5] }] }, 'annotations[0]'],
    ['a negative area', { annotations: [{ ...box, area: -3 }] }, '"area", -3'],
    ['an area of text', { annotations: [{ ...box, area: '9' }] }, '"area"'],
    ['a crowd of 2', { annotations: [{ ...box, iscrowd: 2 }] }, '"iscrowd"'],
    ['an annotation that is null', { annotations: [null] }, 'annotations[0]'],
  ])('refuses %s', (_, change, words) => {
    const said = refusal(() => readCocoGroundTruth({ ...truth, ...change }, 'gt.json'));
    expect(said).toMatch(/^CocoFileInvalid gt.json: /);
    expect(said).toContain(words);
  });

  it.each([
    ['a list of lists', [[1]]],
    ['a score that is text', [{ ...box, score: '0.5' }]],
    ['no score', [box]],
    ['a negative height', [{ ...box, bbox: [0, 0, 1, -1], score: 1 }]],
    ['an image id with a fraction', [{ ...box, image_id: 1.5, score: 1 }]],
  ])('refuses detections: %s', (_, document) => {
    expect(refusal(() => readCocoDetections(document, 'gt.json'))).toMatch(/^CocoFileInvalid gt.json: \[0\] /);
  });
});

import { describe, expect, it } from 'vitest';
import { requireObjects } from './require-objects.js';

const object = { classId: 0, bbox: [0, 0, 1, 1] as const, unit: 'fractions' as const, area: null, crowd: false };
const image = (...objects: (typeof object)[]) => ({ path: 'a.jpg', size: null, objects });

describe('requireObjects', () => {
  it('is content with one object in one image', () => {
    expect(() => {
      requireObjects({ images: [image(), image({ ...object, crowd: true }, object)] }, 'data.yaml');
    }).not.toThrow();
  });

  it.each([
    ['images without labels', [image(), image()]],
    ['crowds alone', [image({ ...object, crowd: true })]],
  ])('refuses %s and names the set', (_, images) => {
    expect(() => {
      requireObjects({ images }, 'data.yaml');
    }).toThrow(`none of the ${String(images.length)} images of data.yaml`);
  });
});

import { TaktError } from '@takt/kernel';
import type { CocoAnnotation, CocoDetection, CocoGroundTruth } from '../coco/coco-data.js';

type Fields = Record<string, unknown>;

/**
 * Reads a COCO ground truth document (`images`, `categories`, `annotations`; other members are left alone).
 *
 * @param source name of the file, for messages.
 * @throws TaktError `CocoFileInvalid` naming the first wrong entry.
 */
export function readCocoGroundTruth(document: unknown, source: string): CocoGroundTruth {
  const top = fieldsOf(document, source, 'the document');
  const images = listOf(top, 'images', source).map((entry, index) => ({ id: integer(entry, 'id', source, `images[${String(index)}]`) }));
  const categories = listOf(top, 'categories', source).map((entry, index) => {
    const id = integer(entry, 'id', source, `categories[${String(index)}]`);
    return { id, name: typeof entry['name'] === 'string' ? entry['name'] : String(id) };
  });
  const annotations = listOf(top, 'annotations', source).map((entry, index): CocoAnnotation => {
    const where = `annotations[${String(index)}]`;
    const bbox = boxOf(entry, source, where);
    return {
      imageId: integer(entry, 'image_id', source, where),
      categoryId: integer(entry, 'category_id', source, where),
      bbox,
      area: entry['area'] === undefined ? bbox[2] * bbox[3] : number(entry, 'area', source, where),
      crowd: entry['iscrowd'] === 1 || entry['iscrowd'] === true,
    };
  });
  return { images, categories, annotations };
}

/** Reads COCO results: a list of `{image_id, category_id, bbox, score}`. Errors as {@link readCocoGroundTruth}. */
export function readCocoDetections(document: unknown, source: string): CocoDetection[] {
  if (!Array.isArray(document)) return fail(source, 'is not a list of detections');
  return document.map((item: unknown, index) => {
    const where = `[${String(index)}]`;
    const entry = fieldsOf(item, source, where);
    return {
      imageId: integer(entry, 'image_id', source, where),
      categoryId: integer(entry, 'category_id', source, where),
      bbox: boxOf(entry, source, where),
      score: number(entry, 'score', source, where),
    };
  });
}

function fail(source: string, what: string): never {
  throw new TaktError({
    code: 'CocoFileInvalid',
    message: `${source}: ${what}`,
    action:
      'give COCO JSON: ground truth with images, categories and annotations; detections as a list with image_id, category_id, bbox and score',
    component: 'evaluation',
    element: source,
  });
}

function fieldsOf(value: unknown, source: string, where: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(source, `${where} is not an object`);
}

function listOf(top: Fields, name: string, source: string): Fields[] {
  const value = top[name];
  if (!Array.isArray(value)) return fail(source, `has no list "${name}"`);
  return value.map((entry: unknown, index) => fieldsOf(entry, source, `${name}[${String(index)}]`));
}

function number(entry: Fields, name: string, source: string, where: string): number {
  const value = entry[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : fail(source, `${where} has no number "${name}"`);
}

function integer(entry: Fields, name: string, source: string, where: string): number {
  const value = number(entry, name, source, where);
  return Number.isInteger(value) ? value : fail(source, `${where} has no whole number "${name}"`);
}

function boxOf(entry: Fields, source: string, where: string): [number, number, number, number] {
  const value = entry['bbox'];
  if (!Array.isArray(value) || value.length !== 4 || value.some((item) => typeof item !== 'number' || !Number.isFinite(item))) {
    return fail(source, `${where} has no "bbox" of four numbers`);
  }
  return value as [number, number, number, number];
}

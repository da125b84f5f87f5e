import type { CocoAnnotation, CocoCategory, CocoDetection, CocoGroundTruth } from '../coco/coco-data.js';
import { boxOf, fieldsOf, integerOf, listOf, numberOf, refuseCoco, requireUnique, shown } from './json-fields.js';
import type { Fields, Refuse } from './json-fields.js';

/**
 * Reads a COCO ground truth document (`images`, `categories`, `annotations`; other members are left alone). Ids need not be
 * contiguous. `area` defaults to the box's, `iscrowd` to 0, a category's `name` to its id; annotations may lack an `id`.
 *
 * @param source name of the file, for messages.
 * @throws TaktError `CocoFileInvalid` naming the first wrong entry: another type, a box of negative size, an id that is there
 *   twice, an annotation of an image or category that is not there.
 */
export function readCocoGroundTruth(document: unknown, source: string): CocoGroundTruth {
  const refuse = refuseCoco(source);
  const top = fieldsOf(document, refuse, 'the document');
  const images = listOf(top, 'images', refuse).map((entry, index) => ({
    id: integerOf(entry, 'id', refuse, `images[${String(index)}]`),
  }));
  const categories = listOf(top, 'categories', refuse).map((entry, index) => categoryOf(entry, refuse, `categories[${String(index)}]`));
  requireUnique(
    images.map(({ id }) => id),
    'images',
    'id',
    refuse,
  );
  requireUnique(
    categories.map(({ id }) => id),
    'categories',
    'id',
    refuse,
  );
  const entries = listOf(top, 'annotations', refuse);
  const annotations = entries.map((entry, index) => annotationOf(entry, refuse, `annotations[${String(index)}]`));
  requireUnique(
    // Entries without an id are told apart by their place.
    entries.map((entry, index) =>
      entry['id'] === undefined ? `#${String(index)}` : integerOf(entry, 'id', refuse, `annotations[${String(index)}]`),
    ),
    'annotations',
    'id',
    refuse,
  );
  requireKnown(annotations, { images, categories }, refuse);
  return { images, categories, annotations };
}

/**
 * Reads COCO results: a list of `{image_id, category_id, bbox, score}`; a category that the ground truth lacks is left to the
 * evaluator, which does not count it. Errors as {@link readCocoGroundTruth}.
 */
export function readCocoDetections(document: unknown, source: string): CocoDetection[] {
  const refuse = refuseCoco(source);
  if (!Array.isArray(document)) return refuse('is not a list of detections');
  return document.map((item: unknown, index) => {
    const where = `[${String(index)}]`;
    const entry = fieldsOf(item, refuse, where);
    return {
      imageId: integerOf(entry, 'image_id', refuse, where),
      categoryId: integerOf(entry, 'category_id', refuse, where),
      bbox: boxOf(entry, refuse, where),
      score: numberOf(entry, 'score', refuse, where),
    };
  });
}

function categoryOf(entry: Fields, refuse: Refuse, where: string): CocoCategory {
  const id = integerOf(entry, 'id', refuse, where);
  const { name } = entry;
  if (name !== undefined && name !== null && typeof name !== 'string') return refuse(`${where} has a "name" that is no text`);
  return { id, name: name ?? String(id) };
}

function annotationOf(entry: Fields, refuse: Refuse, where: string): CocoAnnotation {
  const bbox = boxOf(entry, refuse, where);
  const given = entry['area'] !== undefined && entry['area'] !== null;
  const area = given ? numberOf(entry, 'area', refuse, where) : bbox[2] * bbox[3];
  if (area < 0) return refuse(`${where} has a negative "area", ${shown(area)}`);
  return {
    imageId: integerOf(entry, 'image_id', refuse, where),
    categoryId: integerOf(entry, 'category_id', refuse, where),
    bbox,
    area,
    crowd: crowdOf(entry['iscrowd'], refuse, where),
  };
}

function crowdOf(value: unknown, refuse: Refuse, where: string): boolean {
  if (value === undefined || value === null || value === 0 || value === false) return false;
  return value === 1 || value === true ? true : refuse(`${where} has an "iscrowd" that is neither 0 nor 1, ${shown(value)}`);
}

function requireKnown(
  annotations: readonly CocoAnnotation[],
  { images, categories }: Omit<CocoGroundTruth, 'annotations'>,
  refuse: Refuse,
): void {
  const imageIds = new Set(images.map(({ id }) => id));
  const categoryIds = new Set(categories.map(({ id }) => id));
  annotations.forEach(({ imageId, categoryId }, index) => {
    const where = `annotations[${String(index)}]`;
    if (!imageIds.has(imageId)) refuse(`${where} names image ${String(imageId)}, which "images" does not have`);
    if (!categoryIds.has(categoryId)) refuse(`${where} names category ${String(categoryId)}, which "categories" does not have`);
  });
}

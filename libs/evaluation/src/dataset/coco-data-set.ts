import { TaktError } from '@takt/kernel';
import type { CocoCategory } from '../coco/coco-data.js';
import { readCocoGroundTruth } from './coco-json.js';
import { fieldsOf, integerOf, listOf, refuseCoco, requireUnique, shown } from './json-fields.js';
import type { Fields, Refuse } from './json-fields.js';
import type { LabelledObject } from './labelled-object.js';

/** How the categories of a COCO file became the classes of a model. */
export type ClassAssignment = 'name' | 'id-order';

/** An image of a COCO file, with its objects. */
export interface CocoLabelledImage {
  readonly id: number;
  /** Relative to the folder of the images, inside it. */
  readonly fileName: string;
  /** Pixels as the file states them; null where it does not. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Boxes in pixels. */
  readonly objects: readonly LabelledObject[];
}

export interface CocoDataSet {
  /** Class names, index = class id of the model. */
  readonly names: readonly string[];
  readonly classesBy: ClassAssignment;
  /** By ascending id, the order in which pycocotools evaluates them. */
  readonly images: readonly CocoLabelledImage[];
}

/** What the file is read for. `names` is empty where the model has none. */
export interface ClassesOfModel {
  readonly name: string;
  readonly names: readonly string[];
  readonly classes: number;
}

/**
 * Reads a COCO ground truth as labels of a model's classes. Category ids are arbitrary numbers: categories become classes by
 * name where the model has class names, else in the order of their ids. A category that the model does not name may be
 * there as long as nothing is labelled with it (exporters add parents); a class that the file does not name has no object.
 *
 * @param source name of the file, for messages.
 * @throws TaktError `CocoFileInvalid` as {@link readCocoGroundTruth}, also for a missing, repeated or outside `file_name`;
 *   `ClassesDiffer` where the categories are not the model's classes.
 */
export function readCocoDataSet(document: unknown, model: ClassesOfModel, source: string): CocoDataSet {
  const groundTruth = readCocoGroundTruth(document, source);
  const refuse = refuseCoco(source);
  const files = listOf(fieldsOf(document, refuse, 'the document'), 'images', refuse).map((entry, index) =>
    fileOf(entry, refuse, `images[${String(index)}]`),
  );
  if (files.length === 0) return refuse('has no image in "images"');
  requireUnique(
    files.map(({ fileName }) => fileName),
    'images',
    'file_name',
    refuse,
  );
  const labelled = new Set(groundTruth.annotations.map(({ categoryId }) => categoryId));
  const classesBy = model.names.length > 0 ? 'name' : 'id-order';
  const { names, classOf } =
    classesBy === 'name' ? byName(groundTruth.categories, labelled, model, source) : byId(groundTruth.categories, model, source);
  const objects = new Map<number, LabelledObject[]>(groundTruth.images.map(({ id }) => [id, []]));
  for (const { imageId, categoryId, bbox, area, crowd } of groundTruth.annotations) {
    objects.get(imageId)?.push({ classId: classOf.get(categoryId) as number, bbox, unit: 'pixels', area, crowd });
  }
  const images = groundTruth.images.map(({ id }, index) => ({ id, ...(files[index] as ImageFile), objects: objects.get(id) ?? [] }));
  return { names, classesBy, images: images.sort((a, b) => a.id - b.id) };
}

type ImageFile = Pick<CocoLabelledImage, 'fileName' | 'size'>;

function fileOf(entry: Fields, refuse: Refuse, where: string): ImageFile {
  const fileName = entry['file_name'];
  if (typeof fileName !== 'string' || fileName === '') return refuse(`${where} (id ${shown(entry['id'])}) has no text "file_name"`);
  if (fileName.includes('\0') || fileName.startsWith('/') || fileName.split('/').includes('..')) {
    return refuse(`${where} has a "file_name" that leaves the folder of the images, ${shown(fileName)}`);
  }
  const { width, height } = entry;
  if ((width === undefined || width === null) && (height === undefined || height === null)) return { fileName, size: null };
  const size = { width: integerOf(entry, 'width', refuse, where), height: integerOf(entry, 'height', refuse, where) };
  return size.width > 0 && size.height > 0 ? { fileName, size } : refuse(`${where} is ${shown(size.width)} × ${shown(size.height)} pixels`);
}

interface Classes {
  readonly names: readonly string[];
  /** Category id → class id. */
  readonly classOf: ReadonlyMap<number, number>;
}

function byName(categories: readonly CocoCategory[], labelled: ReadonlySet<number>, model: ClassesOfModel, source: string): Classes {
  requireUnique(
    categories.map(({ name }) => name),
    'categories',
    'name',
    refuseCoco(source),
  );
  const classOf = new Map<number, number>();
  for (const { id, name } of categories) {
    const classId = model.names.indexOf(name);
    if (classId >= 0) classOf.set(id, classId);
    else if (labelled.has(id))
      throw classesDiffer(source, `labels objects as ${shown(name)} (category ${String(id)}), which ${model.name} does not detect`);
  }
  if (classOf.size === 0) throw classesDiffer(source, `names none of the classes of ${model.name}: ${shown(model.names)}`);
  return { names: model.names, classOf };
}

function byId(categories: readonly CocoCategory[], model: ClassesOfModel, source: string): Classes {
  if (categories.length !== model.classes) {
    throw classesDiffer(
      source,
      `has ${String(categories.length)} categories, ${model.name} detects ${String(model.classes)} classes and has no names for them`,
    );
  }
  const ordered = categories.toSorted((a, b) => a.id - b.id);
  return { names: ordered.map(({ name }) => name), classOf: new Map(ordered.map(({ id }, classId) => [id, classId])) };
}

const classesDiffer = (source: string, what: string): TaktError =>
  new TaktError({
    code: 'ClassesDiffer',
    message: `${source} ${what}`,
    action: 'use the labelled set that belongs to this model, with categories named as its classes are',
    component: 'evaluation',
    element: source,
  });

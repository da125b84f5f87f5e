import { inspectModel, requireDetector } from '@takt/onnx';
import type { Detector } from '@takt/onnx';
import { TaktError } from '@takt/kernel';
import { readArtifactDetector } from '@takt/quantization';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { GoldenSet } from './golden-set.js';

/** A model file that passed the import check. */
export interface InputModel {
  readonly path: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly detector: Detector;
  /** Class names from the metadata; empty where it has none. */
  readonly names: readonly string[];
}

/** Reads a model and checks that it is a detector takt can quantize. Throws TaktError `ModelUnreadable` or the import check's. */
export async function readInputModel(path: string): Promise<InputModel> {
  const bytes = await readModelFile(path);
  const inspection = inspectModel(bytes);
  return { path, name: basename(path), bytes, detector: requireDetector(inspection), names: inspection.names };
}

/** A model file that takt can run: a detector as it was exported, or an artifact that takt made of one. */
export interface RunnableModel {
  readonly path: string;
  readonly name: string;
  readonly detector: { readonly classes: number };
  /** Class names from the metadata; empty where it has none. */
  readonly names: readonly string[];
}

/** Throws TaktError `ModelUnreadable`, the import check's, or `DetectorDescriptionInvalid`. */
export async function readRunnableModel(path: string): Promise<RunnableModel> {
  const { description, names, named } = readArtifactDetector(await readModelFile(path));
  return { path, name: basename(path), detector: description, names: named ? names : [] };
}

async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new TaktError({
      code: 'ModelUnreadable',
      message: `model ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      action: 'check the path and that this user may read it',
      component: 'worker',
      element: path,
      cause: error,
    });
  }
}

/**
 * Accuracy is only meaningful when model and labels number the same classes.
 *
 * @throws TaktError `ClassesDiffer`.
 */
export function requireSameClasses(model: Pick<RunnableModel, 'name' | 'names' | 'detector'>, golden: GoldenSet, dataYaml: string): void {
  const { classes } = model.detector;
  const wrong = (what: string): TaktError =>
    new TaktError({
      code: 'ClassesDiffer',
      message: `${dataYaml} ${what}`,
      action: 'use the labelled set that belongs to this model, with its classes in the same order',
      component: 'worker',
      element: dataYaml,
    });
  if (golden.names.length !== classes)
    throw wrong(`names ${String(golden.names.length)} classes, ${model.name} detects ${String(classes)}`);
  const different = golden.names.findIndex((name, index) => model.names.length > 0 && model.names[index] !== name);
  if (different >= 0) {
    throw wrong(
      `calls class ${String(different)} "${golden.names[different] ?? ''}", ${model.name} calls it "${model.names[different] ?? ''}"`,
    );
  }
}

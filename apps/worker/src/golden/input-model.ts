import { checkModelSize, importModel, parseModel, requireDetector, serializeModel } from '@takt/onnx';
import type { Detector } from '@takt/onnx';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { readArtifactDetector, stripPairs } from '@takt/quantization';
import type { TrainedScales } from '@takt/quantization';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { digestOf } from './digest.js';

/** A model that passed the import check. */
export interface InputModel {
  /** Where the bytes lie; see `placeInputModel`. */
  readonly path: string;
  readonly name: string;
  /** Digest of the file as it was given: what its statistics belong to. */
  readonly digest: Digest;
  /** The model in float32. */
  readonly bytes: Uint8Array;
  /** What import changed, in words; null where the bytes are those of the file. */
  readonly changed: string | null;
  /** Scales of quantization-aware training; null for a model that was trained in float. */
  readonly trained: TrainedScales | null;
  readonly detector: Detector;
  /** Class names from the metadata; empty where it has none. */
  readonly names: readonly string[];
}

/**
 * Reads a model and checks that it is a detector takt can quantize. A model in half precision is converted to float32. Of a model from
 * quantization-aware training the Q and DQ nodes are taken out and their scales kept.
 *
 * @throws TaktError `ModelUnreadable`, the import check's, or those of `stripPairs`.
 */
export async function readInputModel(path: string): Promise<InputModel> {
  const given = await readModelFile(path);
  const { inspection, bytes, converted } = importModel(given);
  const detector = requireDetector(inspection);
  const known = { path, name: basename(path), digest: digestOf(given), detector, names: inspection.names };
  const changes = converted ? ['its half-precision values are in float32'] : [];
  const stripped = stripPairs(parseModel(bytes));
  if (stripped === undefined) return { ...known, bytes, changed: inWords(changes), trained: null };
  const { model, scales } = stripped;
  const count = `${String(scales.ranges.size)} values, ${String(scales.weights.size)} convolutions`;
  changes.push(`the Q and DQ nodes of its training are taken out and their scales kept (${count})`);
  return { ...known, bytes: serializeModel(model), changed: inWords(changes), trained: scales };
}

const inWords = (changes: readonly string[]): string | null => (changes.length === 0 ? null : changes.join('; '));

/** Where import changed a model, saves what it made of it, so that an engine can load the model that is meant. */
export async function placeInputModel(
  model: InputModel,
  save: (digest: Digest, bytes: Uint8Array) => Promise<string>,
): Promise<InputModel> {
  return model.changed === null ? model : { ...model, path: await save(digestOf(model.bytes), model.bytes) };
}

/** What the FP32 form of a model is, in words. */
export const formOf = ({ changed }: InputModel): string =>
  changed === null ? 'the model as it was given' : `the model as it was given, but ${changed}`;

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

/** The size is looked at first: reading would fail late, or fill the memory. */
async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    checkModelSize(size, basename(path));
    return await readFile(path);
  } catch (error) {
    if (error instanceof TaktError) throw error;
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

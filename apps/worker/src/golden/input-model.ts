import type { ModelFamily } from '@takt/contracts';
import { readRegularFile } from '@takt/durable-fs';
import { MAX_MODEL_BYTES, checkModelSize, importModel, parseModel, requireDetector, requireImageNetwork, serializeModel } from '@takt/onnx';
import type { Detector, ModelInspection } from '@takt/onnx';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { decodeRawHeads, readArtifact, readArtifactDetector, requireUnquantized, stripPairs } from '@takt/quantization';
import type { TrainedScales } from '@takt/quantization';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { runnableForm } from '../host/runnable-file.js';
import { digestOf } from './digest.js';
import { ANY_DETECTOR, detectorInput, networkInput } from './image-input.js';
import type { ImageInput, ModelKind } from './image-input.js';

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
  /** Null for a network that is no detector, or is not to be taken for one. */
  readonly detector: Detector | null;
  readonly input: ImageInput;
  /** Names of its outputs. */
  readonly outputs: readonly string[];
  /** Class names from the metadata; empty where it has none. */
  readonly names: readonly string[];
}

/**
 * Reads a model and checks that takt can quantize it: that it is a detector, or any network of one image where `kind` says so. A model in
 * half precision is converted to float32; raw heads get their decode; of a model from quantization-aware training the Q and DQ nodes are
 * taken out and their scales kept.
 *
 * @throws TaktError `ModelUnreadable`, the import check's, `OnnxNotADetector`, `FamilyDiffers`, `OnnxNotAnImageNetwork`, or those of
 * `requireUnquantized` and `stripPairs`.
 */
export async function readInputModel(path: string, kind: ModelKind = ANY_DETECTOR): Promise<InputModel> {
  const given = await readModelFile(path);
  requireUnquantized(parseModel(given));
  const imported = importModel(given);
  const name = basename(path);
  const decoded = kind.family === 'generic' ? undefined : decodeRawHeads(imported.bytes);
  const { inspection, bytes } = decoded ?? imported;
  const detector = kind.family === 'generic' ? null : requireFamily(inspection, kind.family, name);
  const input = detector === null ? networkInput(requireImageNetwork(inspection), kind.pixels) : detectorInput(detector);
  const outputs = inspection.outputs.map((output) => output.name);
  const known = { path, name, digest: digestOf(given), detector, input, outputs, names: inspection.names };
  const changes = [...(imported.converted ? ['its half-precision values are in float32'] : []), ...(decoded ? [decoded.change] : [])];
  const stripped = stripPairs(parseModel(bytes));
  if (stripped === undefined) return { ...known, bytes, changed: inWords(changes), trained: null };
  const { model, scales } = stripped;
  const count = `${String(scales.ranges.size)} values, ${String(scales.weights.size)} convolutions`;
  changes.push(`the Q and DQ nodes of its training are taken out and their scales kept (${count})`);
  return { ...known, bytes: serializeModel(model), changed: inWords(changes), trained: scales };
}

function requireFamily(inspection: ModelInspection, family: Exclude<ModelFamily, 'generic'>, name: string): Detector {
  const detector = requireDetector(inspection);
  if (family === 'auto' || family === detector.family) return detector;
  throw new TaktError({
    code: 'FamilyDiffers',
    message: `${name} has the outputs of ${detector.family}, not of ${family}`,
    action: `leave --family out, or give ${detector.family} or generic`,
    component: 'worker',
    element: name,
  });
}

const inWords = (changes: readonly string[]): string | null => (changes.length === 0 ? null : changes.join('; '));

/** Where import changed a model, saves what it made of it, so that an engine can load the model that is meant. */
export async function placeInputModel(
  model: InputModel,
  save: (digest: Digest, bytes: Uint8Array) => Promise<string>,
): Promise<InputModel> {
  return model.changed === null ? model : { ...model, path: await save(digestOf(model.bytes), model.bytes) };
}

/** @throws TaktError `LabelsNotUsable` for a network that is no detector: labels say nothing of its outputs. */
export function requireDecoded<M extends Pick<InputModel, 'detector' | 'name'>>(model: M): M & { readonly detector: Detector } {
  const { detector, name } = model;
  if (detector !== null) return { ...model, detector };
  throw new TaktError({
    code: 'LabelsNotUsable',
    message: `${name} is taken for a network of family generic, and labelled boxes say nothing of its outputs`,
    action: 'leave --data out: its outputs are compared with FP32’s on the calibration images; or leave --family out for a detector',
    component: 'worker',
    element: name,
  });
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

/** Checks that a model can be timed: a detector, an artifact, or any network of one image. Throws as the import check. */
export async function readTimedModel(path: string): Promise<Pick<RunnableModel, 'path' | 'name'>> {
  readArtifact(runnableForm(await readModelFile(path)));
  return { path, name: basename(path) };
}

/** Throws TaktError `ModelUnreadable`, the import check's, or `DetectorDescriptionInvalid`. */
export async function readRunnableModel(path: string): Promise<RunnableModel> {
  const { description, names, named } = readArtifactDetector(runnableForm(await readModelFile(path)));
  return { path, name: basename(path), detector: description, names: named ? names : [] };
}

/** The size is looked at first: reading would fail late, or fill the memory. */
async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    checkModelSize(size, basename(path));
    return await readRegularFile(path, MAX_MODEL_BYTES);
  } catch (error) {
    if (error instanceof TaktError && error.code !== 'FileNotRegular') throw error;
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

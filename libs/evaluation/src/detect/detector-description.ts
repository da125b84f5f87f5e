import { TaktError } from '@takt/kernel';
import type { LetterboxPlacement } from '../image/letterbox.js';

/** Key of an artifact's metadata under which its description lies. */
export const DETECTOR_METADATA = 'takt.detector';
const VERSION = 1;
/** Longest side of a network's input, and most classes: memory is made ready for them, so that a file must not name any. */
const MOST_PIXELS = 16_384;
const MOST_CLASSES = 65_536;

export const DetectorFamily = { yolov5: 'yolov5', yolov8: 'yolov8', yolox: 'yolox' } as const;
export type DetectorFamily = (typeof DetectorFamily)[keyof typeof DetectorFamily];

/** How pixels go into a network. */
export interface PixelFormat {
  readonly order: 'rgb' | 'bgr';
  /** `unit`: 0–1, `byte`: 0–255. Of a uint8 input: what the network makes of the bytes by itself. */
  readonly range: 'unit' | 'byte';
  readonly placement: LetterboxPlacement;
}

/** What each family is trained with. */
export const FAMILY_PIXELS: Readonly<Record<DetectorFamily, PixelFormat>> = {
  yolov5: { order: 'rgb', range: 'unit', placement: 'centre' },
  yolov8: { order: 'rgb', range: 'unit', placement: 'centre' },
  yolox: { order: 'bgr', range: 'byte', placement: 'top-left' },
};

/** What the channels of an output hold. `all`: for each anchor 4 box terms, objectness and the classes. */
export type LogitRole = 'all' | 'box' | 'objectness' | 'classes';

/** Logits 1×channels×height×width, as float32, or as uint8 with `logit = scale[c] · (q − zeroPoint[c])`. */
export interface LogitOutput {
  readonly role: LogitRole;
  readonly name: string;
  readonly scale: readonly number[] | null;
  /** Real numbers; they may lie outside 0–255. */
  readonly zeroPoint: readonly number[] | null;
}

export interface LogitScale {
  /** Network pixels per cell. */
  readonly stride: number;
  /** Width and height in network pixels; empty where the family has no anchors. */
  readonly anchors: readonly (readonly [number, number])[];
  readonly outputs: readonly LogitOutput[];
}

/** `decoded`: the one output of the family's export. `logits`: the model ends at its last convolutions. */
export type DetectorHead = { readonly kind: 'decoded' } | { readonly kind: 'logits'; readonly scales: readonly LogitScale[] };

/** Everything that is needed to run a detector's artifact: kept in its metadata, read by evaluation, benchmark and runtime. */
export interface DetectorDescription {
  readonly family: DetectorFamily;
  readonly width: number;
  readonly height: number;
  readonly classes: number;
  readonly input: PixelFormat & { readonly name: string; readonly type: 'float32' | 'uint8' };
  readonly head: DetectorHead;
}

export const formatDetectorDescription = (description: DetectorDescription): string => JSON.stringify({ version: VERSION, ...description });

/** @throws TaktError `DetectorDescriptionInvalid` naming the first thing that is wrong. */
export function parseDetectorDescription(document: string): DetectorDescription {
  let json: unknown;
  try {
    json = JSON.parse(document);
  } catch {
    throw invalid('it is not JSON');
  }
  const root = record(json, 'it');
  if (root['version'] !== VERSION) throw invalid(`its version is ${String(root['version'])}, this takt reads ${String(VERSION)}`);
  const input = record(root['input'], 'input');
  return {
    family: oneOf(root['family'], Object.values(DetectorFamily), 'family'),
    width: count(root['width'], 'width', MOST_PIXELS),
    height: count(root['height'], 'height', MOST_PIXELS),
    classes: count(root['classes'], 'classes', MOST_CLASSES),
    input: {
      name: text(input['name'], 'input.name'),
      type: oneOf(input['type'], ['float32', 'uint8'], 'input.type'),
      order: oneOf(input['order'], ['rgb', 'bgr'], 'input.order'),
      range: oneOf(input['range'], ['unit', 'byte'], 'input.range'),
      placement: oneOf(input['placement'], ['centre', 'top-left', 'stretch'], 'input.placement'),
    },
    head: parseHead(record(root['head'], 'head')),
  };
}

function parseHead(head: Readonly<Record<string, unknown>>): DetectorHead {
  if (oneOf(head['kind'], ['decoded', 'logits'], 'head.kind') === 'decoded') return { kind: 'decoded' };
  return { kind: 'logits', scales: list(head['scales'], 'head.scales').map((scale, i) => parseScale(scale, `head.scales[${String(i)}]`)) };
}

function parseScale(value: unknown, at: string): LogitScale {
  const scale = record(value, at);
  return {
    stride: count(scale['stride'], `${at}.stride`, MOST_PIXELS),
    anchors: list(scale['anchors'], `${at}.anchors`).map((anchor) => {
      const [width, height] = list(anchor, `${at}.anchors`);
      return [number(width, `${at}.anchors`), number(height, `${at}.anchors`)] as const;
    }),
    outputs: list(scale['outputs'], `${at}.outputs`).map((each, i) => parseOutput(each, `${at}.outputs[${String(i)}]`)),
  };
}

function parseOutput(value: unknown, at: string): LogitOutput {
  const output = record(value, at);
  const numbers = (key: string): readonly number[] | null =>
    output[key] === null ? null : list(output[key], `${at}.${key}`).map((each) => number(each, `${at}.${key}`));
  const [scale, zeroPoint] = [numbers('scale'), numbers('zeroPoint')];
  if (scale?.length !== zeroPoint?.length)
    throw invalid(`${at} has ${String(scale?.length)} scales and ${String(zeroPoint?.length)} zero points`);
  return {
    role: oneOf(output['role'], ['all', 'box', 'objectness', 'classes'], `${at}.role`),
    name: text(output['name'], `${at}.name`),
    scale,
    zeroPoint,
  };
}

const invalid = (why: string): TaktError =>
  new TaktError({
    code: 'DetectorDescriptionInvalid',
    message: `the model's description of its outputs cannot be used: ${why}`,
    action: 'quantize the model again with this version of takt',
    component: 'evaluation',
    element: DETECTOR_METADATA,
  });

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${what} is no object`);
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${what} is no list`);
  return value;
}

function number(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${what} is no number`);
  return value;
}

function count(value: unknown, what: string, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw invalid(`${what} is no positive whole number`);
  if (value > most) throw invalid(`${what} is ${String(value)}, more than ${String(most)}`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${what} is missing`);
  return value;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], what: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw invalid(`${what} is ${JSON.stringify(value)}, not one of ${allowed.join(', ')}`);
  return found;
}

import { BOX_TERMS, DETECTOR_METADATA } from '@takt/evaluation';
import type { ModelInspection, ValueSpec } from '@takt/onnx';

/** One scale of a YOLOv5 or YOLOv7 head that was exported without its decode. */
export interface RawScale {
  /** Output of the model with its logits. */
  readonly output: string;
  /** `cells`: 1×anchors×height×width×(5+C), as the training graph arranges them. `planes`: 1×anchors·(5+C)×height×width, a convolution's. */
  readonly layout: 'cells' | 'planes';
  readonly stride: number;
  readonly height: number;
  readonly width: number;
  /** Width and height in network pixels. */
  readonly anchors: readonly (readonly [number, number])[];
}

export interface RawHeads {
  /** Smallest stride first. */
  readonly scales: readonly RawScale[];
  readonly classes: number;
  /** Where the anchors come from: the file's metadata, or the family. */
  readonly anchorsFrom: 'metadata' | 'family';
}

type Anchors = readonly (readonly [number, number])[];

/** Anchors in pixels by scale, for three and four scales (ultralytics/yolov5, models/yolov5s.yaml and models/hub/yolov5s6.yaml). */
const FAMILY_ANCHORS: Readonly<Record<number, readonly Anchors[]>> = {
  3: inPairs([10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326], 3),
  4: inPairs([19, 27, 44, 40, 38, 94, 96, 68, 86, 152, 180, 137, 140, 301, 303, 264, 238, 542, 436, 615, 739, 380, 925, 792], 4),
};
const ANCHORS_PER_CELL = 3;

/**
 * Recognizes the raw heads of YOLOv5 and YOLOv7 by the shapes of the outputs: one for each of three or four scales, of strides 8, 16, 32
 * (and 64). Anchors are in no shape: they come from the metadata (`anchors`: a JSON list of widths and heights in pixels, smallest stride
 * first), else they are those that YOLOv5 is trained with.
 *
 * @returns undefined for any other model, and for an artifact of takt's, which says itself what its outputs are.
 */
export function recognizeRawHeads({ inputs, outputs, names, metadata }: ModelInspection): RawHeads | undefined {
  const [input] = inputs;
  const [, channels, height, width] = input?.dims ?? [];
  if (metadata[DETECTOR_METADATA] !== undefined || inputs.length !== 1 || channels !== 3) return undefined;
  if (typeof height !== 'number' || typeof width !== 'number') return undefined;
  const given = anchorsOf(metadata['anchors'], outputs.length);
  const anchors = given ?? FAMILY_ANCHORS[outputs.length];
  if (anchors === undefined) return undefined;
  const perCell = anchors[0]?.length ?? ANCHORS_PER_CELL;
  const shapes = outputs.map((output) => planeOf(output, perCell, names.length));
  const scales: Omit<RawScale, 'anchors'>[] = [];
  for (const [at, shape] of shapes.entries()) {
    if (shape === undefined || shape.classes !== shapes[0]?.classes) return undefined;
    const stride = width / shape.width;
    if (height / shape.height !== stride) return undefined;
    const { layout } = shape;
    scales.push({ output: outputs[at]?.name ?? '', layout, stride, height: shape.height, width: shape.width });
  }
  scales.sort((a, b) => a.stride - b.stride);
  if (!scales.every(({ stride }, at) => stride === 8 * 2 ** at)) return undefined;
  return {
    scales: scales.map((scale, at) => ({ ...scale, anchors: anchors[at] ?? [] })),
    classes: shapes[0]?.classes ?? 0,
    anchorsFrom: given === undefined ? 'family' : 'metadata',
  };
}

interface Plane extends Pick<RawScale, 'layout' | 'height' | 'width'> {
  readonly classes: number;
}

/** Planes say nothing of anchors and classes apart: only where the class names agree with their number they are taken for these. */
function planeOf({ type, dims }: ValueSpec, perCell: number, named: number): Plane | undefined {
  const sizes = dims.filter((dim) => typeof dim === 'number');
  if ((type !== 'float32' && type !== 'float16') || sizes.length !== dims.length || sizes[0] !== 1) return undefined;
  if (sizes.length === 5) {
    const [, anchors = 0, height = 0, width = 0, columns = 0] = sizes;
    const classes = columns - BOX_TERMS - 1;
    const fits = anchors === perCell && classes >= 1 && (named === 0 || named === classes);
    return fits ? { layout: 'cells', height, width, classes } : undefined;
  }
  const [, channels = 0, height = 0, width = 0] = sizes;
  const fits = sizes.length === 4 && named > 0 && channels === perCell * (BOX_TERMS + 1 + named);
  return fits ? { layout: 'planes', height, width, classes: named } : undefined;
}

/** Undefined where the metadata hold no such list for so many scales. */
function anchorsOf(text: string | undefined, scales: number): readonly Anchors[] | undefined {
  if (text === undefined || text.length > 10_000) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    const values = Array.isArray(json) ? json.flat(2) : [];
    const sizes = values.filter((value) => typeof value === 'number' && Number.isFinite(value) && value > 0);
    const fits = sizes.length > 0 && sizes.length === values.length && sizes.length % (2 * scales) === 0;
    return fits ? inPairs(sizes, scales) : undefined;
  } catch {
    return undefined;
  }
}

function inPairs(values: readonly number[], scales: number): readonly Anchors[] {
  const size = values.length / scales;
  return Array.from({ length: scales }, (_, scale) =>
    Array.from({ length: size / 2 }, (__, at) => [values[scale * size + 2 * at] ?? 0, values[scale * size + 2 * at + 1] ?? 0] as const),
  );
}

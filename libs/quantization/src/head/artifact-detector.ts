import { DETECTOR_METADATA, FAMILY_PIXELS, parseDetectorDescription } from '@takt/evaluation';
import type { DetectorDescription, DetectorModel, Infer, NetworkOutput } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import { inspectModel, requireDetector, requireImageNetwork } from '@takt/onnx';
import type { ImageNetwork, ModelInspection } from '@takt/onnx';

/** An artifact that detects, and how to run it. */
export interface ArtifactDetector {
  readonly description: DetectorDescription;
  /** Class names, index = class id; made up where the artifact has none. */
  readonly names: readonly string[];
  /** Whether the names are the artifact's own. */
  readonly named: boolean;
  /** Names of the outputs to read, in the order that the decoder wants. */
  readonly outputs: readonly string[];
}

/**
 * What an artifact is: by the description in its metadata where takt made one, else by its shapes.
 *
 * @throws TaktError of the import check, `OnnxNotADetector`, `DetectorDescriptionInvalid`.
 */
export function readArtifactDetector(bytes: Uint8Array): ArtifactDetector {
  return detectorOf(inspectModel(bytes, 'onnxruntime'));
}

/** An artifact and how it is run: one that detects, or a network whose outputs takt does not read. */
export type Artifact = ArtifactDetector | ImageNetwork;

/**
 * What an artifact is, detector or not.
 *
 * @throws TaktError of the import check, `OnnxNotAnImageNetwork`, `DetectorDescriptionInvalid`.
 */
export function readArtifact(bytes: Uint8Array): Artifact {
  const inspection = inspectModel(bytes, 'onnxruntime');
  const detects = inspection.metadata[DETECTOR_METADATA] !== undefined || inspection.detector.family !== 'unknown';
  return detects ? detectorOf(inspection) : requireImageNetwork(inspection);
}

function detectorOf(inspection: ModelInspection): ArtifactDetector {
  const text = inspection.metadata[DETECTOR_METADATA];
  if (text !== undefined) {
    const description = parseDetectorDescription(text);
    const outputs =
      description.head.kind === 'decoded'
        ? inspection.outputs.slice(0, 1).map(({ name }) => name)
        : description.head.scales.flatMap((scale) => scale.outputs.map(({ name }) => name));
    return { description, ...namesOr(inspection.names, description.classes), outputs };
  }
  const detector = requireDetector(inspection);
  const { family, classes, imageSize, input, output } = detector;
  return {
    description: {
      family,
      ...imageSize,
      classes,
      input: { name: input, type: 'float32', ...FAMILY_PIXELS[family] },
      head: { kind: 'decoded' },
    },
    ...namesOr(inspection.names, classes),
    outputs: [output],
  };
}

const namesOr = (names: readonly string[], classes: number): Pick<ArtifactDetector, 'names' | 'named'> => {
  const named = names.length === classes;
  return { named, names: named ? names : Array.from({ length: classes }, (_, index) => `class-${String(index)}`) };
};

/** What preprocessing and decoding must know. */
export function detectorModel({ description, names }: ArtifactDetector): DetectorModel {
  const { family, width, height, input, head } = description;
  const { type, order, range, placement } = input;
  return { width, height, inputType: type, names, family, pixels: { order, range, placement }, head };
}

type InputTensor = { readonly dims: readonly number[] } & (
  { readonly type: 'float32'; readonly data: Float32Array } | { readonly type: 'uint8'; readonly data: Uint8Array }
);

/** The part of an engine's session that is needed here. */
export interface RunsTensors {
  run(
    feeds: Readonly<Record<string, InputTensor>>,
  ): Promise<Readonly<Record<string, { readonly data: unknown; readonly dims: readonly number[] }>>>;
}

/** What an artifact is fed with and what is read of it. */
export interface ArtifactPorts {
  /** Name of the input, an image 1×3×height×width. */
  readonly input: string;
  readonly width: number;
  readonly height: number;
  readonly outputs: readonly string[];
}

export const portsOf = (artifact: Artifact): ArtifactPorts =>
  'description' in artifact
    ? { ...artifact.description, input: artifact.description.input.name, outputs: artifact.outputs }
    : { input: artifact.input, ...artifact.imageSize, outputs: artifact.outputs };

/**
 * Runs an artifact on one image.
 *
 * @throws TaktError `ModelOutputUnsupported` where the engine gives something else than the artifact's description says.
 */
export function inferWith(session: RunsTensors, { input, width, height, outputs }: ArtifactPorts): Infer {
  const dims = [1, 3, height, width];
  return async (values) => {
    const tensor: InputTensor =
      values instanceof Float32Array ? { type: 'float32', data: values, dims } : { type: 'uint8', data: values, dims };
    const results = await session.run({ [input]: tensor });
    return outputs.map((name): NetworkOutput => {
      const result = results[name];
      if (result !== undefined && (result.data instanceof Float32Array || result.data instanceof Uint8Array))
        return { data: result.data, dims: result.dims };
      throw new TaktError({
        code: 'ModelOutputUnsupported',
        message: `the engine gives no float32 or uint8 output "${name}"`,
        action: 'export the model again, or quantize it again with this version of takt',
        component: 'quantization',
        element: name,
      });
    });
  };
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createOrtAdapter } from '@takt/engine-ort';
import type { EnginePlan, EngineSession } from '@takt/engines';
import { SERVING_THRESHOLDS, createDetector } from '@takt/evaluation';
import type { Detection } from '@takt/evaluation';
import { decodeImage } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import { inspectModel, requireDetector } from '@takt/onnx';

/** One loaded engine with everything around it: frame bytes in, boxes out. */
export interface Pipeline {
  detect(bytes: Uint8Array): Promise<Detection>;
  release(): Promise<void>;
}

/**
 * Loads an artifact. Its digest is taken of the very bytes that the engine is given.
 *
 * @throws TaktError `ArtifactMissing`, `ArtifactDigestMismatch`, or what the import check and the engine say.
 */
export async function loadPipeline(artifactPath: string, plan: EnginePlan, clock: Clock): Promise<Pipeline> {
  const bytes = await readArtifact(artifactPath, plan.artifact);
  const inspection = inspectModel(bytes);
  const detector = requireDetector(inspection);
  const session = await createOrtAdapter().loadBytes(bytes, plan.threads, plan.artifact);
  const { width, height } = detector.imageSize;
  const names =
    inspection.names.length > 0 ? inspection.names : Array.from({ length: detector.classes }, (_, index) => `class-${String(index)}`);
  const pipeline = createDetector({
    decodeImage,
    infer: (input) => infer(session, detector.input, detector.output, input, [1, 3, height, width]),
    model: { width, height, inputType: 'float32', names },
    thresholds: SERVING_THRESHOLDS,
    clock,
  });
  return { detect: (frame) => pipeline.detect(frame), release: () => session.release() };
}

async function infer(
  session: EngineSession,
  input: string,
  output: string,
  values: Float32Array | Uint8Array,
  dims: readonly number[],
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const tensor =
    values instanceof Float32Array ? { type: 'float32' as const, data: values, dims } : { type: 'uint8' as const, data: values, dims };
  const results = await session.run({ [input]: tensor });
  const result = results[output];
  if (result?.type !== 'float32') {
    throw new TaktError({
      code: 'EngineRunFailed',
      message: `the engine gave no float32 output "${output}"`,
      action: 'export the model again with a float32 output',
      component: 'engine-host',
    });
  }
  return { data: result.data, dims: result.dims };
}

async function readArtifact(path: string, digest: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw new TaktError({
      code: 'ArtifactMissing',
      message: `artifact ${digest} cannot be read from ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      action: 'deploy the release again, so that the node fetches or builds it anew',
      component: 'engine-host',
      element: digest,
      cause: thrown,
    });
  });
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest) {
    throw new TaktError({
      code: 'ArtifactDigestMismatch',
      message: `the file ${path} has the digest ${found}, not ${digest} as announced`,
      action: 'deploy the release again, so that the node fetches or builds it anew',
      component: 'engine-host',
      element: digest,
    });
  }
  return bytes;
}

import { createHash } from 'node:crypto';
import { readRegularFile } from '@takt/durable-fs';
import { createOrtAdapter } from '@takt/engine-ort';
import { EngineName } from '@takt/engines';
import type { EnginePlan } from '@takt/engines';
import { SERVING_THRESHOLDS, createDetector } from '@takt/evaluation';
import type { Detection } from '@takt/evaluation';
import { decodeImage } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import { detectorModel, inferWith, portsOf, readArtifactDetector } from '@takt/quantization';

/** The largest file that ONNX allows. */
const ARTIFACT_MAX_BYTES = 2 ** 31 - 1;

/** One loaded engine with everything around it: frame bytes in, boxes out. */
export interface Pipeline {
  detect(bytes: Uint8Array): Promise<Detection>;
  release(): Promise<void>;
}

/**
 * Loads an artifact. Its digest is taken of the very bytes that the engine is given.
 *
 * @throws TaktError `EngineUnavailable`, `ArtifactMissing`, `ArtifactDigestMismatch`, or what the import check and the engine say.
 */
export async function loadPipeline(artifactPath: string, plan: EnginePlan, clock: Clock): Promise<Pipeline> {
  if (plan.engine !== EngineName.onnxruntime) {
    throw new TaktError({
      code: 'EngineUnavailable',
      message: `the plan asks for ${plan.engine}, which lines do not run on in this version`,
      action: 'deploy the release again, so that the node chooses a plan it can run',
      component: 'engine-host',
      element: plan.engine,
    });
  }
  const bytes = await readArtifact(artifactPath, plan.artifact);
  const artifact = readArtifactDetector(bytes);
  const session = await createOrtAdapter().loadBytes(bytes, plan.threads, plan.artifact);
  const pipeline = createDetector({
    decodeImage,
    infer: inferWith(session, portsOf(artifact)),
    model: detectorModel(artifact),
    thresholds: SERVING_THRESHOLDS,
    clock,
  });
  return { detect: (frame) => pipeline.detect(frame), release: () => session.release() };
}

async function readArtifact(path: string, digest: string): Promise<Uint8Array> {
  const bytes = await readRegularFile(path, ARTIFACT_MAX_BYTES).catch((thrown: unknown) => {
    throw new TaktError({
      code: 'ArtifactMissing',
      message: `artifact ${digest} cannot be read from ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      action: 'nothing to do: the agent builds the file again and offers it; check the disk of the node if this comes again',
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
      action: 'nothing to do: the agent builds the file again and offers it; check the disk of the node if this comes again',
      component: 'engine-host',
      element: digest,
    });
  }
  return bytes;
}

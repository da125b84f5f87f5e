import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packFolderTo } from '@takt/artifact-store';
import type { ArtifactRef, DesiredJob, DesiredSlot, ReleaseSpec } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { DeploymentId, JobId, LineId, ReleaseId, SlotId } from '@takt/kernel';
import type { ControlStand } from './control-stand.js';

export interface Content {
  readonly model: ArtifactRef;
  readonly golden: ArtifactRef;
  readonly calibration: ArtifactRef;
  readonly frames: ArtifactRef;
}

/** Files of a release in the stand's store: a model of `modelBytes`, and data sets of one image each. */
export async function contentIn(stand: ControlStand, modelBytes = 200_000): Promise<Content> {
  const folder = await mkdtemp(join(tmpdir(), 'takt-content-'));
  try {
    const dataset = async (name: string): Promise<ArtifactRef> => {
      await mkdir(join(folder, name, 'images'), { recursive: true });
      await writeFile(join(folder, name, 'data.yaml'), `names: [${name}]\n`);
      await writeFile(join(folder, name, 'images', 'one.jpg'), name);
      const ref = await packFolderTo(join(folder, name), join(folder, `${name}.tar`));
      stand.addFile(await readFile(join(folder, `${name}.tar`)), ref.fileName);
      return ref;
    };
    return {
      model: stand.addFile(Buffer.alloc(modelBytes, 'm'), 'model.onnx'),
      golden: await dataset('golden'),
      calibration: await dataset('calibration'),
      frames: await dataset('frames'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const releaseOf = (content: Content, change: Partial<ReleaseSpec> = {}): ReleaseSpec => ({
  releaseId: asId<ReleaseId>(randomUUID()),
  name: 'baseline',
  model: { name: 'strip', version: '1', artifact: content.model },
  golden: content.golden,
  calibration: content.calibration,
  statistics: null,
  needsStatistics: false,
  recipes: ['fp32'],
  threads: 'library-default',
  accuracyBudgetPoints: 0.4,
  buildCheck: { waived: false, reason: null },
  health: {
    windowFrames: 100,
    maxWindowFrames: 400,
    soloFrames: 60,
    maxServiceTimeIncrease: 0.1,
    maxErrorRate: 0.01,
    maxAttempts: 3,
    deadlineMs: 180_000,
    onPerformanceBreach: 'roll-back',
  },
  ...change,
});

const slotId = asId<SlotId>(randomUUID());
const lineId = asId<LineId>(randomUUID());

export const deploymentOf = (release: ReleaseSpec): NonNullable<DesiredSlot['deployment']> => ({
  deploymentId: asId<DeploymentId>(randomUUID()),
  buildJobId: asId<JobId>(randomUUID()),
  release,
});

export const slotOf = (content: Content, deployment: DesiredSlot['deployment']): DesiredSlot => ({
  slotId,
  line: { lineId, slug: 'line-1', name: 'Line 1', requiredFps: 10, source: { kind: 'image-directory', dataset: content.frames, fps: 10 } },
  deployment,
});

export const calibrationOf = (content: Content): DesiredJob => ({
  jobId: asId<JobId>(randomUUID()),
  kind: 'calibrate',
  model: content.model,
  calibration: content.calibration,
  sample: 10,
  seed: 0,
});

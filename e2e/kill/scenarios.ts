import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '@takt/api-client';
import { uploadFile } from '@takt/api-client/node';
import { packFolderTo } from '@takt/artifact-store';
import type { DeploymentView } from '@takt/contracts';
import { sampleCalibrationPath, sampleGoldenFolder } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { Scenario } from './kill-cases.js';

/** A health window short enough for tests; the frames are still real ones. */
const HEALTH = { windowFrames: 30, maxWindowFrames: 120, soloFrames: 15 } as const;
/** For a release that is to be kept: what other processes do to the service times of a small network decides nothing here. */
const GENEROUS_HEALTH = { ...HEALTH, maxServiceTimeIncrease: 8 };
const MODEL = 'detector';
/** A small network, and one that takes many times as long per frame, which a node's own check sees on any host. */
const VERSIONS = { small: { seed: 1, width: 8 }, large: { seed: 1, width: 40 } } as const;

export async function pushFolder(api: ApiClient, name: string, role: 'calibration' | 'golden' | 'frames', folder: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'takt-e2e-pack-'));
  try {
    const path = join(scratch, `${name}.tar`);
    await packFolderTo(folder, path);
    const { digest } = await uploadFile(api, path);
    await api.call('createDataset', { body: { name, role, artifact: digest } });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Copies `count` labelled images of the sample's golden set into a small set, with the class names of `tinyDetector`. */
export async function smallGolden(target: string, count: number): Promise<void> {
  const source = sampleGoldenFolder();
  const images = (await readdir(join(source, 'images'))).filter((name) => name.endsWith('.jpg')).sort();
  await mkdir(join(target, 'images'), { recursive: true });
  await mkdir(join(target, 'labels'), { recursive: true });
  const names = [0, 1, 2, 3, 4, 5].map((n) => `class-${String(n)}`).join(', ');
  await writeFile(join(target, 'data.yaml'), `names: [${names}]\nval: images\n`);
  for (const name of images.slice(0, count)) {
    await cp(join(source, 'images', name), join(target, 'images', name));
    const label = name.replace(/\.jpg$/, '.txt');
    await cp(join(source, 'labels', label), join(target, 'labels', label)).catch(() => writeFile(join(target, 'labels', label), ''));
  }
}

export interface Content {
  readonly model: string;
  readonly site: string;
  readonly line: string;
}

/** Model, golden set, frames, a site and a line: what every case shares. */
export async function prepareContent(api: ApiClient): Promise<Content> {
  const scratch = await mkdtemp(join(tmpdir(), 'takt-e2e-sets-'));
  try {
    await smallGolden(join(scratch, 'golden'), 8);
    for (const [version, shape] of Object.entries(VERSIONS)) {
      const path = join(scratch, `${version}.onnx`);
      await writeFile(path, tinyDetector({ size: 320, classes: 6, ...shape }));
      const { digest } = await uploadFile(api, path);
      await api.call('createModel', { body: { name: MODEL, version, artifact: digest } });
    }
    await pushFolder(api, 'golden-8', 'golden', join(scratch, 'golden'));
    await pushFolder(api, 'frames-8', 'frames', join(scratch, 'golden', 'images'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  await api.call('createSite', { body: { name: 'works' } });
  await api.call('createLine', {
    body: { site: 'works', slug: 'strip', requiredFps: 6, source: { kind: 'image-directory', dataset: 'frames-8', fps: 12 } },
  });
  return { model: MODEL, site: 'works', line: 'strip' };
}

/** The same four images under a digest of their own, so that each case calibrates and builds anew. */
async function pushCalibration(api: ApiClient, name: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'takt-e2e-calibration-'));
  try {
    const source = join(sampleCalibrationPath(), 'images');
    const images = (await readdir(source)).filter((file) => file.endsWith('.jpg')).sort();
    for (const file of images.slice(0, 4)) await cp(join(source, file), join(scratch, file));
    await writeFile(join(scratch, 'case.txt'), `${name}\n`);
    await pushFolder(api, name, 'calibration', scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** FP32 as it was pushed: what the slot serves before the first case. */
export async function deployBaseline(api: ApiClient): Promise<DeploymentView> {
  await api.call('createRelease', {
    body: { name: 'baseline', model: `${MODEL}@small`, golden: 'golden-8', recipes: ['fp32'], threads: [1], health: HEALTH },
  });
  return deploy(api, 'baseline');
}

export async function deploy(api: ApiClient, release: string): Promise<DeploymentView> {
  const { items } = await api.call('createDeployments', { body: { release, line: 'strip' } });
  const [deployment] = items;
  if (deployment === undefined) throw new Error(`no deployment was made of ${release}`);
  return deployment;
}

let releases = 0;

/** Makes the release of a case; each has its own calibration set, so that nothing of an earlier case can be reused. */
export async function prepareRelease(api: ApiClient, scenario: Scenario, name: string): Promise<void> {
  await pushCalibration(api, `${name}-set`);
  await api.call('createRelease', {
    body: {
      name,
      model: `${MODEL}@${scenario === Scenario.rollback ? 'large' : 'small'}`,
      golden: 'golden-8',
      calibration: `${name}-set`,
      // Library defaults make a network slower than FP32 on every host: where the build check is on, no plan is left.
      recipes: [scenario === Scenario.failure ? 'int8-library-default' : 'int8'],
      threads: [1],
      // A number of its own, so that no case finds a finished build of another.
      accuracyBudgetPoints: 90 + (releases += 1) / 1000,
      // Waived so that every case ends alike on hosts with and without VNNI.
      waiveBuildCheck: scenario === Scenario.failure ? null : 'a kill case',
      health: scenario === Scenario.rollback ? HEALTH : GENEROUS_HEALTH,
    },
  });
}

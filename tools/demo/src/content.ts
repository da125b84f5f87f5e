import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '@takt/api-client';
import { uploadFile } from '@takt/api-client/node';
import { packFolderTo } from '@takt/artifact-store';
import type { DatasetRole } from '@takt/contracts';
import { sampleCalibrationPath, sampleFramesPath, sampleGoldenFolder, sampleModelPath } from '@takt/sample-model';
import { MODEL } from './topology.js';

const pushDataset = async (api: ApiClient, name: string, role: DatasetRole, folder: string): Promise<void> => {
  const scratch = await mkdtemp(join(tmpdir(), 'takt-pack-'));
  try {
    const file = join(scratch, `${name}.tar`);
    await packFolderTo(folder, file);
    const artifact = await uploadFile(api, file);
    await api.call('createDataset', { body: { name, role, artifact: artifact.digest } });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** The few images that a hurried operator calibrates on. */
const SHORT_SET_IMAGES = 16;

const pushShortCalibration = async (api: ApiClient): Promise<void> => {
  const scratch = await mkdtemp(join(tmpdir(), 'takt-short-'));
  try {
    const folder = join(sampleCalibrationPath(), 'images');
    const images = (await readdir(folder)).filter((name) => name.endsWith('.jpg')).sort();
    for (const name of images.slice(0, SHORT_SET_IMAGES)) await cp(join(folder, name), join(scratch, name));
    await pushDataset(api, 'steel-calibration-short', 'calibration', scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** Pushes the sample detector and its sets, as an operator would with `takt model push` and `takt dataset push`. */
export async function pushContent(api: ApiClient, progress: (note: string) => void): Promise<void> {
  progress('model');
  const model = await uploadFile(api, sampleModelPath());
  await api.call('createModel', { body: { name: MODEL, version: '1', artifact: model.digest } });
  for (const [name, role, folder] of [
    ['steel-calibration', 'calibration', sampleCalibrationPath()],
    ['steel-golden', 'golden', sampleGoldenFolder()],
    ['steel-frames', 'frames', sampleFramesPath()],
  ] as const) {
    progress(name);
    await pushDataset(api, name, role, folder);
  }
  progress('steel-calibration-short');
  await pushShortCalibration(api);
}

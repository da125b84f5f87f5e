import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from '@takt/api-client';
import { uploadFile } from '@takt/api-client/node';
import { packFolderTo } from '@takt/artifact-store';
import type { DatasetRole } from '@takt/contracts';
import { sampleCalibrationPath, sampleFramesPath, sampleGoldenFolder, sampleModelPath } from '@takt/sample-model';
import { MODEL } from './topology.js';

/** Runs `work` with a folder that is gone afterwards. */
async function withScratch<T>(parent: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(parent, '.pack-'));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const pushDataset = (api: ApiClient, name: string, role: DatasetRole, folder: string, parent: string): Promise<void> =>
  withScratch(parent, async (scratch) => {
    const file = join(scratch, `${name}.tar`);
    await packFolderTo(folder, file);
    const artifact = await uploadFile(api, file);
    await api.call('createDataset', { body: { name, role, artifact: artifact.digest } });
  });

/** The few images that a hurried operator calibrates on. */
const SHORT_SET_IMAGES = 16;
const SHORT_SET = 'steel-calibration-short';

const pushShortCalibration = (api: ApiClient, parent: string): Promise<void> =>
  withScratch(parent, async (scratch) => {
    const folder = join(sampleCalibrationPath(), 'images');
    const images = (await readdir(folder)).filter((name) => name.endsWith('.jpg')).sort();
    for (const name of images.slice(0, SHORT_SET_IMAGES)) await cp(join(folder, name), join(scratch, name));
    await pushDataset(api, SHORT_SET, 'calibration', scratch, parent);
  });

/**
 * Pushes the sample detector and its sets, as an operator would with `takt model push` and `takt dataset push`. What an earlier,
 * interrupted run pushed is kept.
 *
 * @param dataDir folder for the archives while they are uploaded
 */
export async function pushContent(api: ApiClient, dataDir: string, progress: (note: string) => void): Promise<void> {
  for (const name of await readdir(dataDir)) if (name.startsWith('.pack-')) await rm(join(dataDir, name), { recursive: true, force: true });
  if (!(await api.call('listModels')).items.some(({ name }) => name === MODEL)) {
    progress('model');
    const model = await uploadFile(api, sampleModelPath());
    await api.call('createModel', { body: { name: MODEL, version: '1', artifact: model.digest } });
  }
  const present = new Set((await api.call('listDatasets')).items.map(({ name }) => name));
  for (const [name, role, folder] of [
    ['steel-calibration', 'calibration', sampleCalibrationPath()],
    ['steel-golden', 'golden', sampleGoldenFolder()],
    ['steel-frames', 'frames', sampleFramesPath()],
  ] as const) {
    if (present.has(name)) continue;
    progress(name);
    await pushDataset(api, name, role, folder, dataDir);
  }
  if (present.has(SHORT_SET)) return;
  progress(SHORT_SET);
  await pushShortCalibration(api, dataDir);
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packFolder } from '@takt/artifact-store';
import { tinyDetector } from '@takt/testing';
import type { Harness } from './harness.js';

export async function tar(files: Record<string, string>): Promise<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'takt-set-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(dir, name, '..'), { recursive: true });
      await writeFile(join(dir, name), content);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of await packFolder(dir)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const goldenTar = (): Promise<Uint8Array> =>
  tar({ 'data.yaml': 'names: [a, b]\n', 'images/val/1.jpg': 'not looked into here', 'labels/val/1.txt': '0 .5 .5 .1 .1\n' });

export const imagesTar = (): Promise<Uint8Array> => tar({ 'a.jpg': 'x', 'b.jpg': 'y' });

export const upload = async (harness: Harness, bytes: Uint8Array, fileName: string): Promise<string> =>
  (await harness.ok<{ digest: string }>('POST', `/artifacts?fileName=${fileName}`, bytes)).digest;

/** A model, its two data sets, and releases `fp32` and `int8` of it. */
export async function pushContent(harness: Harness): Promise<{ model: string; golden: string; calibration: string }> {
  const model = await upload(harness, tinyDetector(), 'detector.onnx');
  const golden = await upload(harness, await goldenTar(), 'golden.tar');
  const calibration = await upload(harness, await imagesTar(), 'calibration.tar');
  await harness.ok('POST', '/models', { name: 'detector', version: '1', artifact: model });
  await harness.ok('POST', '/datasets', { name: 'golden', role: 'golden', artifact: golden });
  await harness.ok('POST', '/datasets', { name: 'calibration', role: 'calibration', artifact: calibration });
  await harness.ok('POST', '/releases', {
    name: 'fp32',
    model: 'detector@1',
    golden: 'golden',
    recipes: ['fp32'],
    threads: 'library-default',
  });
  await harness.ok('POST', '/releases', { name: 'int8', model: 'detector', golden: 'golden', calibration: 'calibration' });
  return { model, golden, calibration };
}

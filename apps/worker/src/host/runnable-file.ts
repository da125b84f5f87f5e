import { withFloat32Interface } from '@takt/onnx';
import { decodeRawHeads } from '@takt/quantization';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * The form of a model that a detector is run in: a file with float16 inputs or outputs in float32, one with raw heads with their decode,
 * any other as it is.
 */
export function runnableForm(bytes: Uint8Array): Uint8Array {
  const float = withFloat32Interface(bytes);
  return decodeRawHeads(float, 'onnxruntime')?.bytes ?? float;
}

/**
 * Engines load files: where the form to run is another than the file, it is put beside while it is loaded.
 *
 * @param load gets the path to load, and the bytes that lie there.
 */
export async function withRunnableFile<T>(
  path: string,
  bytes: Uint8Array,
  load: (path: string, runnable: Uint8Array) => Promise<T>,
): Promise<T> {
  const runnable = runnableForm(bytes);
  if (runnable === bytes) return load(path, bytes);
  const folder = await mkdtemp(join(tmpdir(), 'takt-runnable-'));
  try {
    const file = join(folder, basename(path));
    await writeFile(file, runnable);
    return await load(file, runnable);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

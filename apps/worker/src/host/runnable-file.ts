import { withFloat32Interface } from '@takt/onnx';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * Engines load files and are fed float32: a model with float16 inputs or outputs is put beside as float32 while it is loaded. Any
 * other file is loaded as it is.
 */
export async function withRunnableFile<T>(path: string, bytes: Uint8Array, load: (path: string) => Promise<T>): Promise<T> {
  const runnable = withFloat32Interface(bytes);
  if (runnable === bytes) return load(path);
  const folder = await mkdtemp(join(tmpdir(), 'takt-float32-'));
  try {
    const file = join(folder, basename(path));
    await writeFile(file, runnable);
    return await load(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

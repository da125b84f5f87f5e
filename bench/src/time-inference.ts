import { readFile } from 'node:fs/promises';
import { createOrtAdapter } from '@takt/engine-ort';
import type { ThreadPolicy } from '@takt/engines';
import { FAMILY_PIXELS, createPreprocessor } from '@takt/evaluation';
import { decodeImage, listImages } from '@takt/image-io';
import { inspectModel, requireDetector } from '@takt/onnx';

/** Runs before the clock starts, and so that memory is planned. */
const WARM_UP = 3;

export interface InferenceTimer {
  /** The mean time inside the engine alone, decoding excluded. */
  readonly msPerImage: () => Promise<number>;
  readonly release: () => Promise<void>;
}

/** Times a model as it is on the first `most` images of a folder. */
export async function inferenceTimer(model: string, folder: string, most: number, threads: ThreadPolicy): Promise<InferenceTimer> {
  const bytes = await readFile(model);
  const { input, imageSize, family } = requireDetector(inspectModel(bytes));
  const { width, height } = imageSize;
  const preprocess = createPreprocessor({
    decodeImage: (data) => decodeImage(data),
    model: { width, height, inputType: 'float32', pixels: FAMILY_PIXELS[family] },
    clock: { monotonic: () => performance.now(), now: () => Date.now() },
  });
  const session = await createOrtAdapter().loadBytes(bytes, threads, model);
  const paths = (await listImages(folder)).slice(0, most);
  const run = async (path: string): Promise<number> => {
    const { tensor } = await preprocess(await readFile(path));
    const from = performance.now();
    await session.run({ [input]: { type: 'float32', data: tensor as Float32Array, dims: [1, 3, height, width] } });
    return performance.now() - from;
  };
  for (const path of paths.slice(0, WARM_UP)) await run(path);
  return {
    msPerImage: async () => {
      let sum = 0;
      for (const path of paths) sum += await run(path);
      return sum / paths.length;
    },
    release: () => session.release(),
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createOrtAdapter } from '@takt/engine-ort';
import type { OrtAdapter } from '@takt/engine-ort';
import { FAMILY_PIXELS } from '@takt/evaluation';
import { inspectModel, parseModel, requireDetector, serializeModel } from '@takt/onnx';
import { cutAt, findRegion, planValues, samplesPerImage } from '@takt/quantization';
import type { Statistics } from '@takt/quantization';
import { tinyDetector } from '@takt/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pickImages } from '../src/calibrate/calibration-images.js';
import { collectStatistics } from '../src/calibrate/collect-statistics.js';
import type { LoadInput } from '../src/calibrate/collect-statistics.js';
import { digestOf } from '../src/golden/digest.js';
import { detectorInput } from '../src/golden/image-input.js';
import { createLoadInput } from '../src/golden/load-input.js';
import { systemClock } from '../src/process/monotonic-clock.js';

const MANY = 48;
const FEW = 6;
const engine = createOrtAdapter();
const { signal } = new AbortController();
const quiet = (): void => undefined;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-calibration-work-'));
  for (let i = 0; i < MANY; i += 1) {
    const data = Uint8Array.from({ length: 96 * 64 * 3 }, (_, at) => (at * (i + 3) * 7) % 256);
    await sharp(data, { raw: { width: 96, height: 64, channels: 3 } })
      .png()
      .toFile(join(folder, `image-${String(i).padStart(2, '0')}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const loadInput = (): LoadInput => createLoadInput(systemClock);

async function statisticsOf(
  model: Uint8Array,
  sample: number,
  changes: Partial<{ engine: OrtAdapter; loadInput: LoadInput }> = {},
): Promise<Statistics> {
  const images = await pickImages(folder, sample, 0, signal);
  const input = detectorInput(requireDetector(inspectModel(model)));
  return collectStatistics(
    { bytes: model, digest: digestOf(model), input, trained: null },
    images,
    { sample, seed: 0 },
    { engine, loadInput: loadInput(), ...changes },
    quiet,
    signal,
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What calibration asked of the engine, and how many of the arrays that crossed the port were alive before the last run. */
async function workOf(
  model: Uint8Array,
  sample: number,
): Promise<{
  runs: number;
  sessions: number;
  sessionsAtOnce: number;
  floatsPerRun: number;
  arraysAlive: number;
}> {
  const work = { runs: 0, sessions: 0, sessionsAtOnce: 0, floatsPerRun: 0, arraysAlive: 0 };
  const crossed: WeakRef<ArrayBufferLike>[] = [];
  let open = 0;
  const watched: OrtAdapter = {
    ...engine,
    loadBytes: async (...request) => {
      const session = await engine.loadBytes(...request);
      open += 1;
      work.sessions += 1;
      work.sessionsAtOnce = Math.max(work.sessionsAtOnce, open);
      return {
        ...session,
        run: async (feeds) => {
          // A weak reference holds its target until the turn ends.
          await sleep(0);
          if (work.runs === sample) {
            collectGarbage();
            work.arraysAlive = new Set(crossed.map((one) => one.deref()).filter((one) => one !== undefined)).size;
          }
          const results = await session.run(feeds);
          work.runs += 1;
          for (const { data } of [...Object.values(feeds), ...Object.values(results)]) crossed.push(new WeakRef(data.buffer));
          const floats = Object.values(results).reduce((sum, { type, data }) => sum + (type === 'float32' ? data.length : 0), 0);
          work.floatsPerRun = Math.max(work.floatsPerRun, floats);
          return results;
        },
        release: async () => {
          open -= 1;
          await session.release();
        },
      };
    },
  };
  await statisticsOf(model, sample, { engine: watched });
  return work;
}

describe('the work of calibration', () => {
  it('is one run for each image and one for the shapes, in one session at a time', async () => {
    for (const images of [FEW, MANY]) {
      const work = await workOf(tinyDetector(), images);
      expect(work.runs).toBe(images + 1);
      expect(work.sessionsAtOnce).toBe(1);
      expect(work.sessions).toBeLessThanOrEqual(3);
    }
  });

  it('keeps no array of an image, however many images there are', async () => {
    const few = await workOf(tinyDetector(), FEW);
    const many = await workOf(tinyDetector(), MANY);
    expect(many.arraysAlive).toBeLessThanOrEqual(few.arraysAlive);
    // The input's buffer, and what the last run gave.
    expect(many.arraysAlive).toBeLessThanOrEqual(8);
  });

  it('takes from a run so many elements at most as histograms need, however large the input is', async () => {
    for (const size of [64, 512]) {
      const model = tinyDetector({ size });
      const folded = parseModel(await engine.optimize(model, 'basic', 'model'));
      const { measured, channelMeans } = planValues(findRegion(folded));
      const widest = 64;
      const { floatsPerRun } = await workOf(model, FEW);
      expect(floatsPerRun).toBeLessThanOrEqual(measured.length * (samplesPerImage(FEW) + 2 * widest) + channelMeans.size * widest);
    }
  });
});

describe('the statistics', () => {
  it.each([13, 18])('hold the exact extremes and the means of what the images give (opset %i)', async (opset) => {
    const model = tinyDetector({ opset, size: 128 });
    const statistics = await statisticsOf(model, FEW);
    const folded = parseModel(await engine.optimize(model, 'basic', 'model'));
    const plan = planValues(findRegion(folded));
    const names = [...new Set([...plan.measured, ...plan.channelMeans])].filter((name) => name !== 'images');
    const session = await engine.loadBytes(serializeModel(cutAt(folded, names)), { intraOp: 1, spin: false }, 'model');
    const load = loadInput();
    const found = new Map(names.map((name) => [name, { min: Infinity, max: -Infinity, sums: new Float64Array(64) }]));
    let images = 0;
    for (const path of (await pickImages(folder, FEW, 0, signal)).paths) {
      const data = await load(path, { width: 128, height: 128, pixels: FAMILY_PIXELS.yolov5, normalization: null });
      const results = await session.run({ images: { type: 'float32', data, dims: [1, 3, 128, 128] } });
      images += 1;
      for (const [name, known] of found) {
        const values = results[name]?.data as Float32Array;
        const plane = values.length / (results[name]?.dims[1] ?? 1);
        values.forEach((value, at) => {
          known.min = Math.min(known.min, value);
          known.max = Math.max(known.max, value);
          known.sums[Math.floor(at / plane)] = (known.sums[Math.floor(at / plane)] ?? 0) + value / plane;
        });
      }
    }
    await session.release();
    for (const [name, { min, max, sums }] of found) {
      if (plan.measured.includes(name)) expect(statistics.values[name]).toMatchObject({ min, max });
      statistics.values[name]?.channelMeans?.forEach((mean, channel) => {
        expect(mean).toBeCloseTo((sums[channel] ?? 0) / images, 5);
      });
    }
  });

  it('are refused where a value is not finite, by its name', async () => {
    const broken: LoadInput = async () => new Float32Array(3 * 64 * 64).fill(0.5).fill(Number.NaN, 5000, 5001);
    await expect(statisticsOf(tinyDetector(), FEW, { loadInput: broken })).rejects.toMatchObject({ code: 'CalibrationNotFinite' });
  });
});

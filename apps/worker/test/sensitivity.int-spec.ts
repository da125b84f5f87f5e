import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { createOrtAdapter } from '@takt/engine-ort';
import { silentLogger } from '@takt/kernel';
import { WeightLimit, emitInt8 } from '@takt/quantization';
import { sampleCalibrationPath, sampleFramesPath, sampleModelPath } from '@takt/sample-model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calibrate } from '../src/calibrate/calibrate.js';
import { cutOf } from '../src/emit/describe-cut.js';
import { openEmitParts } from '../src/emit/emit-parts.js';
import type { EmitParts } from '../src/emit/emit-parts.js';
import { ownBase } from '../src/emit/emit-recipe.js';
import { layersOf } from '../src/emit/model-source.js';
import { readInputModel } from '../src/golden/input-model.js';
import { createLoadInput } from '../src/golden/load-input.js';
import { systemClock } from '../src/process/monotonic-clock.js';
import { rankEmission } from '../src/sensitivity/rank-emission.js';

const progress = (): void => undefined;
const { signal } = new AbortController();
let folder = '';
let parts: EmitParts;
let images: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-rank-'));
  const context = { fs: createDurableFs(), clock: systemClock, logger: silentLogger, progress, signal };
  const model = await readInputModel(sampleModelPath());
  const none = { statistics: null, calibration: null };
  await expect(openEmitParts(model, none, [], context)).rejects.toMatchObject({ code: 'CalibrationMissing' });
  const deps = { engine: createOrtAdapter(), loadInput: createLoadInput(systemClock), fs: context.fs, clock: systemClock };
  const out = join(folder, 'statistics.json');
  const job = { kind: 'calibrate', model: model.path, calibration: sampleCalibrationPath(), sample: 8, seed: 0, out } as const;
  await calibrate(job, deps, progress, signal);
  parts = await openEmitParts(model, { statistics: out, calibration: null }, [], context);
  images = (await readdir(sampleFramesPath()))
    .sort()
    .slice(0, 2)
    .map((name) => join(sampleFramesPath(), name));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('finds the layer that was spoiled, and runs each layer it is given once', async () => {
  const { source, statistics } = parts;
  const { head, folded } = source;
  if ('why' in head) throw new Error(head.why);
  const base = ownBase(source, statistics);
  // Each layer costs a network made and run: the first eight of the 58, or all of them when proving.
  const layers = layersOf(source, base).slice(0, process.env['TAKT_PROVE'] === '1' ? undefined : 8);
  const spoiled = layers[4] ?? '';
  const known = statistics.values[spoiled];
  if (known === undefined) throw new Error(`no range for ${spoiled}`);
  // A range that is forty times too wide leaves six of 256 levels; this one lies where everything passes.
  const values = { ...statistics.values, [spoiled]: { ...known, low: known.low * 40, high: known.high * 40 } };
  const emitted: (readonly string[])[] = [];
  const ranking = await rankEmission(
    {
      source,
      layers,
      images,
      emit: (reverted) => {
        emitted.push(reverted);
        const floatConvs = new Set([...base, ...reverted]);
        return emitInt8(
          folded,
          { ...statistics, values },
          { weightLimit: WeightLimit.eightBit, floatConvs, cut: cutOf(head, head.detector.classes) },
        );
      },
    },
    { ...parts, progress, signal },
  );
  expect(ranking[0]?.layer).toBe(spoiled);
  expect(new Set(ranking.map(({ layer }) => layer))).toEqual(new Set(layers));
  expect(emitted).toHaveLength(layers.length + 1);
});

it('stops when cancelled', async () => {
  const reason = new Error('enough');
  const { source, statistics } = parts;
  const layers = layersOf(source, ownBase(source, statistics));
  const floatConvs = new Set(source.detectConvs);
  const emit = (): ReturnType<typeof emitInt8> => emitInt8(source.folded, statistics, { weightLimit: WeightLimit.eightBit, floatConvs });
  await expect(rankEmission({ source, layers, images, emit }, { ...parts, progress, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});

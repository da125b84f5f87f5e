import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrtAdapter } from '@takt/engine-ort';
import type { ThreadPolicy } from '@takt/engines';
import type { BenchRow } from './bench-result.js';
import { describeHost, median, resultLine } from './bench-result.js';
import { generateImages } from './generated-images.js';
import { randomYolov5s } from './random-yolov5s.js';
import { subjects } from './subjects.js';
import { inferenceTimer } from './time-inference.js';
import { runJob } from './worker-job.js';

/** Statistics may cost so many times the FP32 inference of the same images. */
const MOST_TIMES = 4;
/** Statistics of YOLOv5s at 640×640 may take so much memory. */
const MOST_MIB = 1500;
const SAMPLE = 500;
const TURNS = 5;
/** Inference is timed on so many of the images: its time does not depend on what they show. */
const MOST_TIMED = 120;
/** As calibration runs: all cores, not spinning. */
const THREADS: ThreadPolicy = { intraOp: 0, spin: false };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Measured {
  readonly name: string;
  readonly model: string;
  readonly calibration: string;
  readonly turns: number;
  /** Target for the memory, in MiB, or null. */
  readonly mostMiB: number | null;
}

/**
 * Times inference and calibration of the same images in turns, with the same threads, per image; the ratio is the median of the
 * turns'.
 */
async function measure({ name, model, calibration, turns, mostMiB }: Measured, folder: string, rows: BenchRow[]): Promise<void> {
  say(`\n${name}`);
  const add = (metric: string, value: number, unit: string, target: number | null = null): void => {
    const met = target === null ? null : value <= target;
    rows.push({ metric: `${name}: ${metric}`, value: Math.round(value * 1000) / 1000, unit, target, met });
    const judged = target === null ? '' : ` (at most ${String(target)}) ${met === true ? '✓' : '✗'}`;
    say(`  ${metric.padEnd(56)} ${value.toFixed(3).padStart(9)} ${unit}${judged}`);
  };
  const inference = await inferenceTimer(model, calibration, MOST_TIMED, THREADS);
  const taken: { readonly fp32: number; readonly calibration: number; readonly peakMiB: number }[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const before = await inference.msPerImage();
    const { result, seconds, peakMiB } = await runJob(
      { kind: 'calibrate', model, calibration, sample: SAMPLE, seed: 0, out: join(folder, 'statistics.json') },
      folder,
    );
    // Inference is timed on either side, so that what else the machine does weighs on both.
    const fp32 = (before + (await inference.msPerImage())) / 2;
    const { images } = result as { readonly images: number };
    const all = [...seconds.values()].reduce((sum, phase) => sum + phase, 0);
    taken.push({ fp32, calibration: (all * 1000) / images, peakMiB });
    if (turn === 0) add('images', images, '');
  }
  await inference.release();
  add('FP32 inference of an image', median(taken.map(({ fp32 }) => fp32)), 'ms');
  add('calibration of an image, decoding included', median(taken.map((turn) => turn.calibration)), 'ms');
  add('calibration against FP32 inference', median(taken.map((turn) => turn.calibration / turn.fp32)), '×', MOST_TIMES);
  add('most memory resident', Math.max(...taken.map((turn) => turn.peakMiB)), 'MiB', mostMiB);
}

async function main(): Promise<number> {
  say(describeHost());
  const availability = await createOrtAdapter().availability();
  const folder = await mkdtemp(join(tmpdir(), 'takt-bench-calibration-'));
  const rows: BenchRow[] = [];
  try {
    for (const { name, model, calibration } of subjects(say))
      await measure({ name, model, calibration, turns: TURNS, mostMiB: null }, folder, rows);
    const model = join(folder, 'yolov5s.onnx');
    await writeFile(model, randomYolov5s(640));
    const calibration = join(folder, 'images');
    await generateImages(calibration, SAMPLE, 1280, 720);
    await measure({ name: 'YOLOv5s, random weights (640)', model, calibration, turns: 1, mostMiB: MOST_MIB }, folder, rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(resultLine('calibration', { onnxruntime: availability.available ? availability.version : 'unavailable' }, rows));
  return rows.some(({ met }) => met === false) ? 1 : 0;
}

process.exitCode = await main();

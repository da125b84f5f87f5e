import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ExecaError, execa } from 'execa';
import type { BenchRow } from './bench-result.js';
import { describeHost, median, resultLine } from './bench-result.js';
import { preparePeers, runPeer } from './peers.js';
import { precisionTable } from './precision-table.js';
import type { Quantized } from './precision-table.js';
import { subjects, trainedSubject } from './subjects.js';
import type { Subject } from './subjects.js';
import { runJob } from './worker-job.js';

const root = join(import.meta.dirname, '..', '..');
const scripts = join(root, 'bench', 'peers');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What a budget allows, in points of mAP@0.5:0.95. */
const BUDGET = 0.4;
const TURNS = 5;
const ITERATIONS = 60;
/** JavaScript is compiled as it runs; a line's is, after its first second. */
const OWN_ROUNDS = 4;
const SAMPLE = 500;

/** Median milliseconds from image bytes to boxes, of a file run by takt in a process of its own. */
async function timeOwn(file: string): Promise<number[]> {
  const { stdout } = await execa(process.execPath, [
    join(root, 'apps', 'cli', 'bin', 'takt.mjs'),
    'bench',
    file,
    '--threads',
    '1',
    '--rounds',
    String(OWN_ROUNDS),
    '--iterations',
    String(ITERATIONS),
    '--json',
  ]);
  const [row] = JSON.parse(stdout) as { medianMs: number }[];
  return row === undefined ? [] : [row.medianMs];
}

/** What a Python script said last: its error. */
const lastLine = (error: unknown): string => {
  const text = error instanceof ExecaError && typeof error.stderr === 'string' ? error.stderr : String(error);
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 160);
};

interface Timed {
  readonly name: string;
  readonly whole: number[];
  readonly network: number[];
  readonly time: () => Promise<{ readonly whole: readonly number[]; readonly network: readonly number[] }>;
}

/** What `takt quantize` makes of a detector, for every engine. */
async function quantize(subject: Pick<Subject, 'model' | 'calibration' | 'data'>, outDir: string, folder: string): Promise<Quantized> {
  const { result } = await runJob(
    {
      kind: 'quantize',
      model: subject.model,
      statistics: null,
      calibration: subject.calibration,
      sample: SAMPLE,
      seed: 0,
      golden: subject.data,
      goldenImages: null,
      outputBudgetPercent: 10,
      format: 'qdq',
      family: 'auto',
      pixels: 'rgb-unit',
      targets: ['onnxruntime', 'openvino', 'tensorrt', 'myriad'],
      accuracyBudgetPoints: BUDGET,
      threads: [1],
      outDir,
    },
    folder,
  );
  return result as Quantized;
}

async function measure(subject: Subject, python: string | null, rows: BenchRow[]): Promise<Quantized> {
  const folder = await mkdtemp(join(tmpdir(), 'takt-bench-quantize-'));
  try {
    say(`\n${subject.name}`);
    const add = (metric: string, value: number, unit: string, target: number | null = null, met: boolean | null = null): void => {
      rows.push({ metric: `${subject.name}: ${metric}`, value: Math.round(value * 1000) / 1000, unit, target, met });
      const judged = met === null ? '' : met ? '  ✓' : '  ✗';
      say(
        `  ${metric.padEnd(64)} ${value.toFixed(3).padStart(9)} ${unit}${target === null ? '' : `  (target ${String(target)})`}${judged}`,
      );
    };
    const out = join(folder, 'takt');
    const quantized = await quantize(subject, out, folder);
    const fp32 = quantized.fp32.map50_95;
    const own = quantized.targets['onnxruntime'];
    if (own === undefined) throw new Error('no file for onnxruntime');
    say(`  ${own.reason}`);
    for (const [target, made] of Object.entries(quantized.targets)) {
      if (fp32 === null || made.map50_95 === null) continue;
      const drop = (fp32 - made.map50_95) * 100;
      add(`takt for ${target} (${made.precision}): points of mAP@0.5:0.95 lost`, drop, 'points', BUDGET, drop <= BUDGET);
    }
    if (python === null) return quantized;

    const prefix = join(folder, 'peer');
    const family = subject.family;
    const size = String(subject.size);
    const made = await runPeer<{ peer: string; seconds: number; peakMiB: number }>(python, join(scripts, 'make.py'), [
      subject.model,
      subject.calibration,
      size,
      family,
      String(SAMPLE),
      prefix,
    ]);
    for (const { peer, seconds: took, peakMiB } of made) add(`${peer}: made in`, took, `s, ${String(peakMiB)} MiB at most`);
    const files = [
      ['default', `${prefix}.default.onnx`],
      ['tuned', `${prefix}.tuned.onnx`],
      ['tuned7', `${prefix}.tuned7.onnx`],
      ['nncf', `${prefix}.nncf.xml`],
    ] as const;
    if (subject.data !== null && fp32 !== null) {
      const scored = await runPeer<{ file: string; map50_95: number }>(python, join(scripts, 'score.py'), [
        subject.data,
        size,
        family,
        subject.model,
        ...files.map(([, file]) => file),
      ]);
      const whole = scored[0]?.map50_95 ?? Number.NaN;
      for (const { file, map50_95 } of scored) add(`${basename(file)} by pycocotools: points lost`, (whole - map50_95) * 100, 'points');
    }
    const openvino = quantized.targets['openvino']?.file;
    if (subject.data === null) {
      const judged = [subject.model, ...files.map(([, file]) => file), ...(openvino === undefined ? [] : [`openvino:${openvino}`])];
      const agreed = await runPeer<{ file: string; least_score: number; boxes: number; map50_95: number }>(
        python,
        join(scripts, 'found_again.py'),
        [subject.calibration, size, family, subject.model, ...judged],
      );
      for (const { file, least_score, boxes, map50_95 } of agreed)
        add(`${basename(file)}: of ${String(boxes)} boxes of FP32 (score ${String(least_score)}) found again`, map50_95 * 100, '%');
    }
    const byPeer = (file: string) => async (): Promise<{ whole: readonly number[]; network: readonly number[] }> => {
      const [times] = await runPeer<{ whole: number[]; network: number[] }>(python, join(scripts, 'time_boxes.py'), [
        file,
        size,
        family,
        '1',
        String(ITERATIONS),
      ]);
      return times ?? { whole: [], network: [] };
    };
    const timed: Timed[] = [
      { name: 'takt', whole: [], network: [], time: async () => ({ whole: await timeOwn(own.file), network: [] }) },
      { name: 'fp32', whole: [], network: [], time: byPeer(subject.model) },
      ...files.map(([name, file]) => ({ name, whole: [], network: [], time: byPeer(file) })),
      ...(openvino === undefined ? [] : [{ name: 'takt on OpenVINO', whole: [], network: [], time: byPeer(`openvino:${openvino}`) }]),
    ];
    const failed = new Set<string>();
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const each of timed) {
        if (failed.has(each.name)) continue;
        try {
          const { whole, network } = await each.time();
          each.whole.push(median(whole));
          if (network.length > 0) each.network.push(median(network));
        } catch (error) {
          failed.add(each.name);
          say(`  ${each.name}: does not run (${lastLine(error)})`);
        }
      }
    }
    const of = (name: string, what: 'whole' | 'network' = 'whole'): number =>
      median(timed.find((each) => each.name === name)?.[what] ?? []);
    for (const { name } of timed) {
      if (failed.has(name)) continue;
      add(`${name}: image bytes to boxes, 1 thread`, of(name), 'ms');
      if (name !== 'takt') add(`${name}: network alone, 1 thread`, of(name, 'network'), 'ms');
    }
    const tuned = Math.min(...['tuned', 'tuned7'].filter((name) => !failed.has(name)).map((name) => of(name)));
    if (Number.isFinite(tuned)) add('takt against the faster hand-tuned file', of('takt') / tuned, '×', 0.95, of('takt') / tuned <= 0.95);
    add('default against takt', of('default') / of('takt'), '×', 2, of('default') / of('takt') >= 2);
    if (openvino !== undefined) {
      const ratio = of('takt on OpenVINO', 'network') / of('nncf', 'network');
      add('takt’s OpenVINO file against NNCF’s, network alone', ratio, '×', 1.02, ratio <= 1.02);
    }
    return quantized;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The sample detector after quantization-aware fine-tuning: its float model has its own accuracy, which the files are compared with. */
async function measureTrained(rows: BenchRow[]): Promise<Quantized> {
  const folder = await mkdtemp(join(tmpdir(), 'takt-bench-trained-'));
  try {
    const quantized = await quantize(trainedSubject(), join(folder, 'takt'), folder);
    for (const [target, { precision, map50_95 }] of Object.entries(quantized.targets)) {
      const drop = ((quantized.fp32.map50_95 ?? Number.NaN) - (map50_95 ?? Number.NaN)) * 100;
      const metric = `sample detector, QAT: takt for ${target} (${precision}): points of mAP@0.5:0.95 lost`;
      rows.push({ metric, value: Math.round(drop * 1000) / 1000, unit: 'points', target: BUDGET, met: drop <= BUDGET });
    }
    return quantized;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  say(describeHost());
  const environment = await preparePeers(scripts, join(root, '.takt', 'peers'), say);
  if ('why' in environment) say(`skipped: everything beside the Python tools (${environment.why})`);
  const rows: BenchRow[] = [];
  const python = 'python' in environment ? environment.python : null;
  let sample: Quantized | undefined;
  for (const subject of subjects(say)) {
    await access(subject.model);
    const quantized = await measure(subject, python, rows);
    sample ??= quantized;
  }
  if (sample !== undefined) say(`\n${precisionTable(sample, await measureTrained(rows))}`);
  say(resultLine('quantize', { peers: 'onnxruntime 1.30.0, openvino 2026.4.1, nncf 3.4.0' }, rows));
  return rows.some(({ met }) => met === false) ? 1 : 0;
}

process.exitCode = await main();

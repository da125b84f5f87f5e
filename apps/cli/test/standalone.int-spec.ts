import { copyFile, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleCalibrationPath, sampleGoldenFolder, sampleModelPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeHome } from './run-takt.js';
import type { Home } from './run-takt.js';

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

const IMAGES = 3;

/** The first images of the sample's golden set, as a set of their own. */
async function smallGolden(): Promise<string> {
  const source = sampleGoldenFolder();
  const folder = join(home.path, 'golden');
  await mkdir(join(folder, 'images'), { recursive: true });
  await mkdir(join(folder, 'labels'));
  for (const name of (await readdir(join(source, 'images'))).sort().slice(0, IMAGES)) {
    const label = `${basename(name, '.jpg')}.txt`;
    await copyFile(join(source, 'images', name), join(folder, 'images', name));
    await copyFile(join(source, 'labels', label), join(folder, 'labels', label));
  }
  const data = await readFile(join(source, 'data.yaml'), 'utf8');
  await writeFile(join(folder, 'data.yaml'), data);
  return join(folder, 'data.yaml');
}

async function tinyModel(name: string): Promise<string> {
  const path = join(home.path, name);
  await writeFile(path, tinyDetector());
  return path;
}

/** Ids of the processes whose command line names the test's home: workers that it started, and theirs. */
const workers = (): string[] =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(join(home.path, 'takt-job-'));
    } catch {
      return false;
    }
  });

const none = async (): Promise<void> => {
  while (workers().length > 0) await sleep(50);
};

describe('stand-alone commands with the real worker', () => {
  it('hardware says what this machine is', async () => {
    const json = await home.spawn(['hardware', '--json']);
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    const probe = JSON.parse(json.stdout) as { fingerprint: string; facts: { cpu: { logicalCores: number } }; profile: { name: string } };
    expect(Object.keys(probe)).toEqual(['facts', 'profile', 'fingerprint']);
    expect(probe.facts.cpu.logicalCores).toBeGreaterThan(0);
    const text = await home.spawn(['hardware']);
    expect(text.stdout).toContain(probe.fingerprint);
    expect(text.stdout).toContain(probe.profile.name);
  });

  it('evaluate prints, prints JSON, or writes JSON to a file', async () => {
    const data = await smallGolden();
    const args = ['evaluate', '--model', sampleModelPath(), '--data', data, '--threads', '1'];
    const json = await home.spawn([...args, '--json']);
    expect(json.exitCode).toBe(0);
    const result = JSON.parse(json.stdout) as { images: number; stats: number[]; map50: number };
    expect(Object.keys(result)).toEqual(['images', 'map50', 'map50_95', 'stats', 'perClass', 'groundTruth', 'detections']);
    expect(result).toMatchObject({ images: IMAGES });
    expect(result.stats).toHaveLength(12);
    expect(json.stderr).toMatch(/evaluate .*100 %/);

    const written = await home.spawn([...args, '--json', 'figures.json']);
    expect(written.exitCode).toBe(0);
    expect(JSON.parse(await readFile(join(home.path, 'figures.json'), 'utf8'))).toEqual(result);
    expect(written.stdout).toMatch(new RegExp(`mAP@0\\.5 +${result.map50.toFixed(4)}`));
  });

  it('evaluate compares detections that were already made', async () => {
    const box = { image_id: 1, category_id: 1, bbox: [10, 10, 20, 20] };
    const truth = {
      images: [{ id: 1, width: 64, height: 64, file_name: 'a.jpg' }],
      categories: [{ id: 1, name: 'scratch' }],
      annotations: [{ ...box, id: 1, area: 400, iscrowd: 0 }],
    };
    await writeFile(join(home.path, 'gt.json'), JSON.stringify(truth));
    await writeFile(join(home.path, 'dt.json'), JSON.stringify([{ ...box, score: 0.9 }]));
    const done = await home.spawn(['evaluate', '--ground-truth', 'gt.json', '--detections', 'dt.json', '--json']);
    expect(done.exitCode).toBe(0);
    const one: unknown = expect.closeTo(1, 9);
    expect(JSON.parse(done.stdout)).toMatchObject({
      images: 1,
      map50: one,
      map50_95: one,
      groundTruth: 1,
      detections: 1,
      perClass: [{ name: 'scratch', ap50: one }],
    });
  });

  it('bench compares models in the order given', async () => {
    const [model, copy] = [await tinyModel('tiny.onnx'), await tinyModel('copy.onnx')];
    const done = await home.spawn(['bench', model, copy, '--threads', '1,2', '--rounds', '1', '--iterations', '2', '--json']);
    expect(done.exitCode).toBe(0);
    const rows = JSON.parse(done.stdout) as { model: string; threads: number; ratioToFirst: number }[];
    expect(new Set(rows.map((row) => `${basename(row.model)} ${String(row.threads)}`))).toEqual(
      new Set(['tiny.onnx 1', 'copy.onnx 1', 'tiny.onnx 2', 'copy.onnx 2']),
    );
    expect(Object.keys(rows[0] ?? {})).toEqual(['model', 'engine', 'threads', 'medianMs', 'p95Ms', 'ratioToFirst']);
    expect(rows.filter((row) => row.ratioToFirst === 1).length).toBeGreaterThanOrEqual(2);
  });

  it('quantize writes its files and says what each gained', async () => {
    await smallGolden();
    const args = [
      'quantize',
      '--model',
      await tinyModel('tiny.onnx'),
      '--calibration',
      join(home.path, 'golden'),
      '--sample',
      '2',
      '--out',
      'out',
      '--budget',
      '100',
      // No layer has to go back to float.
      '--output-budget',
      '100',
    ];
    const done = await home.spawn([...args, '--json']);
    expect(done.exitCode).toBe(0);
    const result = JSON.parse(done.stdout) as { targets: Record<string, { file: string; reason: string }>; statistics: string };
    expect(Object.keys(result)).toEqual(['targets', 'loss', 'fp32', 'statistics']);
    const target = result.targets['onnxruntime'];
    expect(target?.reason).not.toBe('');
    for (const file of [target?.file ?? '', result.statistics]) expect((await stat(file)).size).toBeGreaterThan(1000);
    expect((await readdir(home.path)).filter((name) => name.startsWith('takt-job-'))).toEqual([]);
  });

  it('report the error of the worker with code and next step', async () => {
    await writeFile(join(home.path, 'text.onnx'), 'no model');
    const done = await home.spawn(['evaluate', '--model', 'text.onnx', '--data', await smallGolden(), '--json', 'figures.json']);
    expect(done).toMatchObject({ exitCode: 1, stdout: '' });
    expect(done.stderr).toMatch(/^✗ [^]*\ncode: Onnx\w+\nNext: .+$/);
    expect(await readdir(home.path)).not.toContain('figures.json');
  });

  it('report a worker that is missing, breaks off, or talks nonsense', async () => {
    const run = async (script: string): Promise<string> => {
      await writeFile(join(home.path, 'worker.mjs'), script);
      const done = await home.spawn(['hardware'], { TAKT_WORKER: join(home.path, 'worker.mjs') });
      expect(done).toMatchObject({ exitCode: 1, stdout: '' });
      return done.stderr;
    };
    expect((await home.spawn(['hardware'], { TAKT_WORKER: '/none.mjs' })).stderr).toContain('code: WorkerMissing');
    expect(await run("process.stderr.write('no memory\\n'); process.exit(7);")).toMatch(
      /ended with exit code 7 .*: no memory\ncode: WorkerEnded/,
    );
    expect(await run("process.kill(process.pid, 'SIGKILL');")).toMatch(/ended by SIGKILL[^]*code: WorkerEnded[^]*out of memory/);
    expect(await run("console.log('hello'); setInterval(() => {}, 1000);")).toContain('code: WorkerProtocolBroken');
    await none();
  });
});

describe('Ctrl-C', () => {
  const quantize = (): string[] => [
    'quantize',
    '--model',
    sampleModelPath(),
    '--calibration',
    sampleCalibrationPath(),
    '--out',
    'out',
    '--json',
  ];
  const started = async (running: ReturnType<Home['start']>): Promise<void> => {
    await new Promise<void>((seen) => {
      running.stderr.once('data', () => {
        seen();
      });
    });
  };

  it.each(['SIGINT', 'SIGTERM'] as const)('(%s) ends the worker, leaves no partial file, and exits with 130', async (signal) => {
    const running = home.start(quantize());
    await started(running);
    expect(workers().length).toBeGreaterThan(0);
    running.kill(signal);
    const done = await running;
    expect(done.exitCode).toBe(130);
    expect(done.stdout).toBe('');
    expect(done.stderr).toMatch(/Cancelled\.$/);
    expect(workers()).toEqual([]);
    expect(await readdir(join(home.path, 'out'))).toEqual([]);
    expect((await readdir(home.path)).filter((name) => name.startsWith('takt-job-'))).toEqual([]);
  });

  it('a CLI that is killed leaves no worker', async () => {
    const running = home.start(quantize());
    await started(running);
    expect(workers().length).toBeGreaterThan(0);
    running.kill('SIGKILL');
    await running;
    await none();
    expect(await readdir(join(home.path, 'out'))).toEqual([]);
  });
});

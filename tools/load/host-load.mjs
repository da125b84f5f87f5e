/**
 * Work of other programs on the same host, repeatable by its seed. `steady`: every worker computes without a pause. `bursts`:
 * every worker computes, streams memory or works on a file for 2 to 20 s, then pauses for 2 to 20 s. Runs until it is killed.
 *
 *   node tools/load/host-load.mjs [--mode steady|bursts] [--workers 2] [--seed 1]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const MEMORY_BYTES = 64 << 20;
const FILE_BYTES = 8 << 20;
const BURST_S = [2, 20];

/** Multiplicative congruential generator of Lehmer with the constants of Park and Miller (CACM 31, 1988); values in (0, 1). */
const lehmer = (seed) => {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
};

const work = () => {
  const { mode, seed, folder, index } = workerData;
  const random = lehmer(seed * 977 + index * 31);
  for (let i = 0; i < 10; i += 1) random(); // The first values of near seeds are alike.
  const seconds = () => BURST_S[0] + random() * (BURST_S[1] - BURST_S[0]);
  const source = randomBytes(MEMORY_BYTES);
  const target = Buffer.alloc(MEMORY_BYTES);
  const kinds = [
    () => {
      let x = 0;
      for (let i = 1; i < 3_000_000; i += 1) x += Math.sqrt(i) * Math.sin(i);
      return x;
    },
    () => source.copy(target),
    () => {
      const path = join(folder, `worker-${index}`);
      writeFileSync(path, source.subarray(0, FILE_BYTES));
      return readFileSync(path).length;
    },
  ];
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const kind = mode === 'steady' ? kinds[0] : kinds[Math.floor(random() * kinds.length)];
    const end = performance.now() + seconds() * 1000;
    while (performance.now() < end) kind();
    if (mode === 'bursts') Atomics.wait(pause, 0, 0, seconds() * 1000);
  }
};

if (isMainThread) {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'bursts' },
      workers: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'takt-load-'));
  for (let index = 0; index < Number(values.workers); index += 1) {
    new Worker(new URL(import.meta.url), { workerData: { mode: values.mode, seed: Number(values.seed), folder, index } });
  }
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(0);
    });
  }
} else work();

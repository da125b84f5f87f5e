#!/usr/bin/env node
// Speaks takt-worker's protocol at a pace that a test chooses: what the agent does with a worker is tested, not the worker.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const job = JSON.parse(readFileSync(process.argv[process.argv.indexOf('--job') + 1], 'utf8'));
const {
  TAKT_WORKER_TEST_LOG: log,
  TAKT_WORKER_TEST_MS: pace = '100',
  TAKT_WORKER_TEST_FAIL: fail,
  TAKT_WORKER_TEST_HOLD: hold,
} = process.env;
const note = (what) => appendFileSync(log, `${what} ${process.pid}\n`);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(130), 50).unref();
process.on('SIGTERM', () => process.exit(130));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const publish = (path, content) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
};
const facts = {
  hostname: 'double',
  cpu: {
    vendor: 'x',
    model: 'double',
    architecture: 'x64',
    isa: ['avx2'],
    int8DotProduct: 'none',
    sockets: 1,
    physicalCores: 1,
    logicalCores: 1,
    numaNodes: 1,
    maxMhz: null,
  },
  memoryMiB: 1024,
  accelerators: [],
  os: { id: 'linux', versionId: '1', name: 'Linux', kernel: '1' },
  libc: { family: 'glibc', version: '2.28' },
  disk: { totalMiB: 1000, freeMiB: Math.floor(Math.random() * 1000) },
  engines: { onnxruntime: '1.30.0' },
};

if (job.kind === 'probe') {
  say({ type: 'result', result: { kind: 'probe', facts, profile: { name: 'x64-avx2-1c', summary: 'double' }, fingerprint: 'fp1-double' } });
} else {
  note(`start-${job.kind}`);
  if (fail === job.kind) {
    say({ type: 'error', error: { code: 'ModelInvalid', message: 'no model', action: 'push another', retryable: false } });
    process.exit(1);
  }
  for (let done = 0; done < 4; done += 1) {
    say({ type: 'progress', phase: `phase-${done}`, done, total: 4, etaSeconds: 1, message: '' });
    await sleep(Number(pace) / 4);
  }
  if (job.kind === 'calibrate') {
    while (hold !== undefined && !existsSync(hold)) await sleep(20);
    readFileSync(join(job.calibration, 'data.yaml'));
    publish(job.out, JSON.stringify({ model: createHash('sha256').update(readFileSync(job.model)).digest('hex') }));
    note('end-calibrate');
    say({ type: 'result', result: { kind: 'calibrate', statistics: job.out, images: 1, tensors: 1, seconds: 1 } });
  } else {
    readFileSync(job.golden);
    const bytes = readFileSync(job.model);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const artifactPath = join(job.outDir, `${digest}.onnx`);
    publish(artifactPath, bytes);
    const recipe = job.recipes.at(-1);
    const plan = {
      engine: 'onnxruntime',
      precision: recipe === 'fp32' ? 'fp32' : 'int8',
      recipe,
      threads: { intraOp: 1, spin: false },
      artifact: `sha256:${digest}`,
      engineVersion: '1.30.0',
      fingerprint: 'fp1-double',
    };
    const accuracy = { map50: 0.9, map50_95: 0.6, images: 1 };
    const speed = { p50Ms: 1, p95Ms: 1, p99Ms: 1, capacityFps: 1000, inferenceMs: 1, frames: 20 };
    const candidate = { ...plan, artifactBytes: bytes.length, speed, accuracy, dropPoints: 0, verdict: 'chosen', reason: 'the only one' };
    const { engineVersion, fingerprint, ...row } = candidate;
    const result = { kind: 'build', plan, artifactPath, candidates: [row], fp32: accuracy, reason: 'the only one', seconds: 1 };
    note('end-build');
    publish(join(job.outDir, 'build.json'), JSON.stringify(result));
    say({ type: 'result', result });
  }
}

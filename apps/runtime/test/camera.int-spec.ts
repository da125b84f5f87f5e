import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lineAssignmentSchema } from '@takt/contracts';
import type { LineAssignment } from '@takt/contracts';
import { createDurableFs } from '@takt/durable-fs';
import { silentLogger } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import { sampleFramesPath } from '@takt/sample-model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linePaths } from '../src/line-paths.js';
import { startRuntime } from '../src/runtime.js';
import type { Runtime } from '../src/runtime.js';
import { callSocket } from './line-under-test.js';

const SLUG = 'line-1';
const assignment = (path: string): LineAssignment =>
  lineAssignmentSchema.parse({
    slotId: randomUUID(),
    line: { lineId: randomUUID(), slug: SLUG, name: 'Line 1', requiredFps: 1, source: { kind: 'image-directory', path, fps: 20 } },
  });

let dataDir: string;
let runtime: Runtime | undefined;
let said: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'takt-camera-'));
  said = [];
});

afterEach(async () => {
  await runtime?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

it('does not try to open the camera of a line again that was replaced while it was opened', async () => {
  // Opening reads a.jpg, a pipe, until this test has written it; b.jpg is gone by then, so that the opening fails.
  const slow = join(dataDir, 'slow');
  await mkdir(slow);
  await promisify(execFile)('mkfifo', [join(slow, 'a.jpg')]);
  await writeFile(join(slow, 'b.jpg'), 'x');
  const frames = join(dataDir, 'frames');
  await cp(sampleFramesPath(), frames, { recursive: true });
  const paths = linePaths(dataDir, SLUG);
  await mkdir(paths.folder, { recursive: true });
  await writeFile(paths.line, JSON.stringify(assignment(slow)));

  const logger: Logger = { ...silentLogger, info: (message) => said.push(message), error: (message) => said.push(message) };
  runtime = await startRuntime({
    dataDir,
    slug: SLUG,
    hostScript: 'none',
    frameDeadlineMs: 1000,
    loadTimeoutMs: 1000,
    endTimeoutMs: 1000,
    resultFileBytes: 1_000_000,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    logger,
    fs: createDurableFs(),
  });
  expect((await callSocket(paths.socket, 'PUT', '/v1/line', assignment(frames))).status).toBe(200);
  await rm(join(slow, 'b.jpg'));
  await (await open(join(slow, 'a.jpg'), 'w')).close();

  const words = 'camera';
  while (!said.some((message) => message.includes(words))) await sleep(10);
  expect(said.filter((message) => message.includes(words))).toEqual(['camera of a replaced line not opened']);
});

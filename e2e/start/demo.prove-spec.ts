import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NpmStart } from './npm-start.js';

describe('the demo of npm start', () => {
  let parent: string;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'takt-demo-'));
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  it('goes on from where it was killed and where it was interrupted, to its whole summary', async () => {
    const args = ['--once', '--data', join(parent, 'data')];
    const killed = new NpmStart(args);
    await killed.says(/baseline → [^\n]*engine built/);
    await killed.end('SIGKILL');

    const interrupted = new NpmStart(args);
    await interrupted.says(/rollout optimised-1, by demo/);
    expect(await interrupted.end('SIGINT')).toBe(130);
    expect(interrupted.text).toContain('Interrupted, nothing is left running. The same command continues from here.');

    const last = new NpmStart(args);
    expect(await last.ended(), last.text.slice(-3_000)).toBe(0);
    expect(last.text).toContain('rollout optimised-1 of an earlier run is');
    const summary = last.text.slice(last.text.lastIndexOf('Summary'));
    for (const row of ['engine of its own', 'local loop', 'fleet loop']) expect(summary).toContain(row);
    for (const line of summary.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

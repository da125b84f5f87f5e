import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOf, isRunning, takeLock } from '../setup/file-lock.mjs';
import { Interrupted } from '../setup/setup-error.mjs';

describe('lock of a data folder', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'takt-lock-'));
    file = join(dir, 'start.lock');
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const stored = (): unknown => JSON.parse(readFileSync(file, 'utf8'));

  it('refuses a second holder and says who the first is', async () => {
    const first = await takeLock(file);
    expect(first.lock?.tookOver).toBe(false);
    first.lock?.note({ address: 'http://127.0.0.1:4600' });
    expect((await takeLock(file)).holder).toMatchObject({ pid: process.pid, address: 'http://127.0.0.1:4600' });
    first.lock?.release();
    expect(existsSync(file)).toBe(false);
    expect((await takeLock(file)).lock).toBeDefined();
  });

  it.each([
    ['a holder whose number was given to another process', () => ({ ...identityOf(process.pid), startTicks: '1' })],
    ['a holder before the last boot', () => ({ ...identityOf(process.pid), boot: 'another' })],
    ['a holder that is gone', () => ({ ...identityOf(process.pid), pid: 2 ** 30 })],
    ['a file that holds something else', () => 'nothing'],
  ])('takes over from %s', async (_title, holder) => {
    writeFileSync(file, JSON.stringify(holder()));
    const { lock } = await takeLock(file);
    expect(lock?.tookOver).toBe(true);
    expect(stored()).toMatchObject({ pid: process.pid });
  });

  it('ends a child that a killed holder left before it takes over, and no other process', async () => {
    const child = spawn('sleep', ['1000']);
    const other = spawn('sleep', ['1000']);
    try {
      const children = [identityOf(child.pid ?? 0), { ...identityOf(other.pid ?? 0), startTicks: '1' }];
      writeFileSync(file, JSON.stringify({ ...identityOf(process.pid), startTicks: '1', children }));
      const ended = once(child, 'exit');
      expect((await takeLock(file, { graceMs: 100 })).lock).toBeDefined();
      await ended;
      expect(isRunning(identityOf(other.pid ?? 0))).toBe(true);
    } finally {
      child.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  });

  it('says what cannot be read in its place, instead of trying for ever', async () => {
    mkdirSync(file);
    await expect(takeLock(file)).rejects.toMatchObject({
      message: `the lock file ${file} cannot be read: a folder is in its place`,
      action: expect.stringContaining('remove it') as string,
    });
  });

  it('says what it waits for, and stops waiting when it is interrupted', async () => {
    const child = spawn('sleep', ['1000']);
    try {
      writeFileSync(file, JSON.stringify({ ...identityOf(process.pid), startTicks: '1', children: [identityOf(child.pid ?? 0)] }));
      const waitedFor: (readonly number[])[] = [];
      const taken = takeLock(file, { onWait: (pids) => waitedFor.push(pids), isInterrupted: () => waitedFor.length > 0 });
      await expect(taken).rejects.toBeInstanceOf(Interrupted);
      expect(waitedFor).toEqual([[child.pid]]);
      expect(isRunning(identityOf(child.pid ?? 0))).toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is held by one of many that take over at the same time', async () => {
    writeFileSync(file, JSON.stringify({ ...identityOf(process.pid), startTicks: '1' }));
    const script = `import { takeLock } from ${JSON.stringify(new URL('../setup/file-lock.mjs', import.meta.url).href)};
      const { lock } = await takeLock(process.argv[1]);
      process.stdout.write(lock === undefined ? 'no' : 'yes');
      setTimeout(() => {}, 60000);`;
    const starts = Array.from({ length: 6 }, () => spawn(process.execPath, ['--input-type=module', '-e', script, file]));
    try {
      const answers = await Promise.all(starts.map(async ({ stdout }) => String(((await once(stdout, 'data')) as [Buffer])[0])));
      expect(answers.filter((answer) => answer === 'yes')).toHaveLength(1);
    } finally {
      for (const start of starts) start.kill('SIGKILL');
    }
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessGuard } from '../src/index.js';
import { alive, until } from './waiting.js';

const env = { PATH: '/usr/bin:/bin' };

describe('process guard', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'takt-guard-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('gives the command’s own pid, ends it orderly and reports how it ended', async () => {
    const guard = createProcessGuard();
    const process = guard.spawn({ command: '/bin/sh', args: ['-c', `echo $$ > ${dir}/pid; exec sleep 1000`], env });
    await until('the pid is written', () => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8') !== '');
    expect(Number(readFileSync(join(dir, 'pid'), 'utf8'))).toBe(process.pid);
    expect(await process.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(guard.running()).toEqual([]);
    await guard.close();
  });

  it('ends what a process leaves behind in its group', async () => {
    const guard = createProcessGuard();
    const process = guard.spawn({ command: '/bin/sh', args: ['-c', `sleep 1000 & echo $! > ${dir}/child`], env });
    expect(await process.ended).toEqual({ code: 0, signal: null });
    const child = Number(readFileSync(join(dir, 'child'), 'utf8'));
    await until('the child is gone', () => !alive(child));
    await guard.close();
  });

  it('kills the whole group when the process ignores its stop signal', async () => {
    const guard = createProcessGuard();
    const process = guard.spawn({
      command: '/bin/sh',
      args: ['-c', `trap '' TERM; touch ${dir}/ready; while :; do sleep 1000; done`],
      env,
    });
    await until('it is ready', () => existsSync(join(dir, 'ready')));
    expect(await process.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
    await guard.close();
  });

  it('leaves no process behind when its owner is killed, nor when the watchdog was killed before', async () => {
    const script = join(dir, 'owner.ts');
    writeFileSync(
      script,
      `import { createProcessGuard } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
       const guard = createProcessGuard();
       const env = { PATH: '/usr/bin:/bin' };
       const plain = guard.spawn({ command: '/bin/sh', args: ['-c', 'sleep 1000 & wait'], env });
       const stubborn = guard.spawn({ command: '/bin/sh', args: ['-c', "trap '' TERM; while :; do sleep 1000; done"], env });
       process.stdout.write(JSON.stringify([plain.pid, stubborn.pid]) + '\\n');
       setInterval(() => {}, 1000);`,
    );
    for (const killWatchdog of [false, true]) {
      const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(owner.stdout, 'data')) as [Buffer];
      const pids = JSON.parse(line.toString()) as number[];
      expect(pids.every(alive)).toBe(true);
      if (killWatchdog) {
        const children = readFileSync(`/proc/${String(owner.pid)}/task/${String(owner.pid)}/children`, 'utf8')
          .trim()
          .split(' ')
          .map(Number);
        const watchdog = children.filter((pid) => !pids.includes(pid));
        expect(watchdog).toHaveLength(1);
        process.kill(watchdog[0] ?? 0, 'SIGKILL');
        await sleep(300);
      }
      owner.kill('SIGKILL');
      await until('all are gone', () => !pids.some(alive));
    }
  });
});

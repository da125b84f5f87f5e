import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resident memory of a process in MiB, from /proc. */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** The most that was resident at once since the process began, in MiB, or undefined once it has ended. */
export function peakMiB(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

/** The median of `samples` readings, one every `everyMs`. */
export async function steadyMiB(pid: number, samples: number, everyMs: number): Promise<number> {
  const readings: number[] = [];
  for (let taken = 0; taken < samples; taken += 1) {
    readings.push(residentMiB(pid));
    await sleep(everyMs);
  }
  readings.sort((a, b) => a - b);
  return readings[Math.floor(readings.length / 2)] ?? Number.NaN;
}

/** What Node.js itself takes with an empty program that waits: the floor under any daemon written for it. */
export async function nodeFloorMiB(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60_000)'], { stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    await sleep(1000);
    return await steadyMiB(child.pid ?? 0, 5, 200);
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * A lock file that names its holder by process number, start time and boot, so that one left by a killed or powered-off holder
 * is recognised. Plain JavaScript without dependencies: it is needed before anything is installed.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, SetupError } from './setup-error.mjs';

const text = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const bootId = () => text('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

/** Clock ticks since boot at which a process started; undefined where it does not run. A number used again has another one. */
const startTicks = (pid) => {
  const stat = text(`/proc/${String(pid)}/stat`);
  // The second field is the command's name in parentheses, which may hold anything.
  const [state, ...rest] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined || state === 'Z' || state === 'X' ? undefined : rest[18];
};

/** What identifies a running process also after its number was given to another. */
export const identityOf = (pid) => ({ pid, startTicks: startTicks(pid) ?? '', boot: bootId() });

export const isRunning = ({ pid, startTicks: ticks, boot }) =>
  Number.isInteger(pid) && pid > 0 && boot === bootId() && ticks !== '' && startTicks(pid) === ticks;

const parse = (content) => {
  try {
    const holder = JSON.parse(content);
    return typeof holder === 'object' && holder !== null ? holder : {};
  } catch {
    return {};
  }
};

/** Content of a lock file, and whether its holder runs. Undefined where there is no lock. */
const readLock = (file) => {
  let content;
  try {
    content = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (thrown.code === 'ENOENT') return undefined;
    const reason =
      thrown.code === 'EISDIR' ? 'a folder is in its place' : thrown.code === 'EACCES' ? 'it belongs to another user' : thrown.code;
    throw new SetupError(`the lock file ${file} cannot be read: ${reason}`, 'make sure that no other takt uses its folder, then remove it');
  }
  const holder = parse(content);
  return { content, holder, alive: isRunning(holder) };
};

/**
 * Ends processes that a killed run left behind.
 *
 * @param {ReadonlyArray<{ pid: number, startTicks: string, boot: string }>} processes
 * @param {object} options
 * @param {number} [options.patienceMs] how long they may take to end without being asked, default none
 * @param {number} options.graceMs how long they may take after `signal` before SIGKILL
 * @param {string} [options.signal] default SIGTERM
 * @param {() => boolean} [options.isInterrupted] asked while waiting
 * @throws Interrupted
 */
export const endProcesses = async (processes, { patienceMs = 0, graceMs, signal: orderly = 'SIGTERM', isInterrupted = () => false }) => {
  const waitFor = async (ms) => {
    for (let waited = 0; processes.some(isRunning) && waited < ms; waited += 50) {
      if (isInterrupted()) throw new Interrupted();
      await sleep(50);
    }
  };
  const signal = (name) => {
    for (const { pid } of processes.filter(isRunning)) {
      try {
        process.kill(pid, name);
      } catch {
        // It ended meanwhile.
      }
    }
  };
  await waitFor(patienceMs);
  signal(orderly);
  await waitFor(graceMs);
  signal('SIGKILL');
  await waitFor(graceMs);
};

/**
 * Takes the lock, or answers who holds it. A lock whose holder is gone is replaced, after the children it names have ended.
 *
 * @param {string} file its folder must exist
 * @param {object} [options]
 * @param {number} [options.graceMs] how long a child of a killed holder may take to end without being asked, default 10 s
 * @param {(pids: readonly number[]) => void} [options.onWait] told which children of a killed holder are waited for
 * @param {() => boolean} [options.isInterrupted] asked while waiting
 * @throws SetupError where the lock cannot be read, Interrupted
 */
export const takeLock = async (file, { graceMs = 10_000, onWait, isInterrupted } = {}) => {
  const own = { ...identityOf(process.pid), children: [] };
  const temporary = `${file}.${String(process.pid)}`;
  const write = () => {
    writeFileSync(temporary, `${JSON.stringify(own)}\n`);
    renameSync(temporary, file);
  };
  let tookOver = false;
  for (;;) {
    try {
      // A link appears with its whole content or not at all.
      writeFileSync(temporary, `${JSON.stringify(own)}\n`);
      linkSync(temporary, file);
      break;
    } catch (thrown) {
      if (thrown.code !== 'EEXIST') throw thrown;
    } finally {
      rmSync(temporary, { force: true });
    }
    const seen = readLock(file);
    if (seen === undefined) continue;
    if (seen.alive) return { holder: seen.holder };
    const left = (seen.holder.children ?? []).filter(isRunning);
    if (left.length > 0) onWait?.(left.map(({ pid }) => pid));
    await endProcesses(left, { patienceMs: graceMs, graceMs, isInterrupted });
    const stale = `${temporary}.stale`;
    try {
      renameSync(file, stale);
    } catch (thrown) {
      if (thrown.code === 'ENOENT') continue;
      throw thrown;
    }
    // Another start was faster and its lock was taken away: it gets it back.
    if (text(stale) !== seen.content) renameSync(stale, file);
    else tookOver = true;
    rmSync(stale, { force: true });
  }
  const isOwn = () => parse(text(file) ?? '').pid === process.pid;
  return {
    lock: {
      /** Whether the last holder was killed. */
      tookOver,
      /** Adds what others are shown of the holder, e.g. an address. */
      note(facts) {
        Object.assign(own, facts);
        write();
      },
      addChild(pid) {
        own.children.push(identityOf(pid));
        write();
      },
      removeChild(pid) {
        own.children = own.children.filter((child) => child.pid !== pid);
        if (isOwn()) write();
      },
      release() {
        if (isOwn()) rmSync(file, { force: true });
      },
    },
  };
};

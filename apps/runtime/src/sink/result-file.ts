import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LogField } from '@takt/kernel';
import type { DeploymentId, Logger } from '@takt/kernel';
import type { Box } from '@takt/evaluation';
import type { DropReason } from '../serve/frame-ledger.js';

/** One served frame, as handed to whoever uses the line's results. */
export interface FrameResult {
  readonly frame: number;
  readonly deploymentId: DeploymentId;
  /** Corners in pixels of the frame. */
  readonly boxes: readonly Box[];
  readonly serviceMs: number;
  readonly inferenceMs: number;
}

/** Where results go. Handing over never waits. */
export interface ResultSink {
  deliver(result: FrameResult): void;
  drop(frame: number, reason: DropReason): void;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface ResultFileOptions {
  readonly path: string;
  /** Start of the runtime; frame numbers count per run. */
  readonly run: string;
  /** Size at which the file becomes `results.1.ndjson` and a new one begins. */
  readonly maxBytes: number;
  readonly flushEveryMs: number;
  readonly logger: Logger;
}

/** Lines that wait for a slow disk at most; older ones are given up, because a full disk must not fill the memory. */
const MAX_WAITING = 10_000;

/** Two bounded NDJSON files, the newest results in `path`: one line per result or per run of frames dropped for one reason. */
export function createResultFile(options: ResultFileOptions): ResultSink {
  const { path, run, maxBytes, logger } = options;
  const older = path.replace(/\.ndjson$/, '.1.ndjson');
  let lines: string[] = [];
  let drops: { from: number; to: number; reason: DropReason } | undefined;
  let size: number | undefined;
  let failing = false;
  let writing: Promise<void> = Promise.resolve();

  const push = (line: object): void => {
    lines.push(`${JSON.stringify(line)}\n`);
    if (lines.length > MAX_WAITING) lines = lines.slice(-MAX_WAITING / 2);
  };
  const endDrops = (): void => {
    if (drops !== undefined) push({ run, dropped: [drops.from, drops.to], reason: drops.reason });
    drops = undefined;
  };

  const write = async (): Promise<void> => {
    if (lines.length === 0) return;
    const text = lines.join('');
    lines = [];
    try {
      if (size === undefined) {
        await mkdir(dirname(path), { recursive: true });
        size = await stat(path).then(
          (found) => found.size,
          () => 0,
        );
      }
      if (size > maxBytes) {
        await rename(path, older);
        size = 0;
      }
      await appendFile(path, text, { mode: 0o600 });
      size += Buffer.byteLength(text);
      failing = false;
    } catch (thrown) {
      if (!failing) logger.error('results cannot be written', { [LogField.error]: thrown });
      failing = true;
      size = undefined;
    }
  };
  const flush = (): Promise<void> => (writing = writing.then(write));
  const timer = setInterval(() => void flush(), options.flushEveryMs);

  return {
    deliver: ({ frame, deploymentId, boxes, serviceMs, inferenceMs }) => {
      endDrops();
      push({ run, frame, deploymentId, serviceMs: rounded(serviceMs), inferenceMs: rounded(inferenceMs), boxes });
    },
    drop: (frame, reason) => {
      if (drops?.reason === reason && drops.to === frame - 1) {
        drops = { ...drops, to: frame };
        return;
      }
      endDrops();
      drops = { from: frame, to: frame, reason };
    },
    close: async () => {
      clearInterval(timer);
      endDrops();
      await flush();
    },
  };
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

import type { Output } from './output.js';
import { pipedProgress, terminalProgress } from './progress-line.js';
import { colourStyle, plainStyle } from './style.js';

/** What is used of `process.stdout` and `process.stderr`. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Output on the process's own streams. Colour only where a person reads. */
export function createOutput(stdout: Stream, stderr: Stream, colour: boolean): Output {
  const toStderr = (text: string): void => void stderr.write(text);
  const progress = stderr.isTTY === true ? terminalProgress(toStderr, () => stderr.columns ?? 80) : pipedProgress(toStderr);
  return {
    line: (text) => {
      progress.clear();
      stdout.write(`${text}\n`);
    },
    json: (value) => {
      progress.clear();
      stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note: (text) => {
      progress.clear();
      toStderr(`${text}\n`);
    },
    progress,
    style: colour && stdout.isTTY === true ? colourStyle : plainStyle,
    noteStyle: colour && stderr.isTTY === true ? colourStyle : plainStyle,
  };
}

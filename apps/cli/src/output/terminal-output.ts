import { randomInt } from 'node:crypto';
import { printableJson } from '@takt/kernel';
import { oneLine } from './one-line.js';
import type { Output } from './output.js';
import { pipedProgress, terminalProgress } from './progress-line.js';
import { markedStyle, plainStyle, toTerminal } from './style.js';

/** What is used of `process.stdout` and `process.stderr`. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Output on the process's own streams: colour only where a person reads, and control characters of names and messages shown, not
 * obeyed. Everything that the CLI prints goes through here.
 */
export function createOutput(stdout: Stream, stderr: Stream, colour: boolean): Output {
  const mark = randomInt(1_000_000, 2 ** 31);
  const coloured = markedStyle(mark);
  const toStderr = (text: string): void => void stderr.write(text);
  const progress = stderr.isTTY === true ? terminalProgress(toStderr, () => stderr.columns ?? 80) : pipedProgress(toStderr);
  const notes = (text: string): void => {
    progress.clear();
    toStderr(`${toTerminal(text, mark)}\n`);
  };
  return {
    line: (text) => {
      progress.clear();
      stdout.write(`${toTerminal(text, mark)}\n`);
    },
    json: (value, layout = 'indented') => {
      progress.clear();
      stdout.write(`${printableJson(JSON.stringify(value, null, layout === 'indented' ? 2 : 0))}\n`);
    },
    note: (text) => {
      notes(oneLine(text));
    },
    notes,
    progress,
    style: colour && stdout.isTTY === true ? coloured : plainStyle,
    noteStyle: colour && stderr.isTTY === true ? coloured : plainStyle,
  };
}

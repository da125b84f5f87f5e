import { TaktError } from '@takt/kernel';
import type { Output } from './output.js';

export const ExitCode = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Shows why a command ended and what to do next; returns the exit code. Never a stack trace unless `debug`. */
export function reportError(thrown: unknown, output: Pick<Output, 'note' | 'notes' | 'noteStyle'>, debug: boolean): number {
  const error = TaktError.from(thrown, {
    code: 'CliFailed',
    action: 'run it again with TAKT_DEBUG=1 and report what it prints',
    component: 'cli',
  });
  const { bad, bold } = output.noteStyle;
  output.note(`${bad('✗')} ${error.message}`);
  output.note(`code: ${error.code}`);
  output.note(`${bold('Next:')} ${error.action}`);
  if (debug) output.notes(stackOf(error));
  return ExitCode.failed;
}

const stackOf = (error: Error): string =>
  `${error.stack ?? error.message}${error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''}`;

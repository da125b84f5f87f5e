import { printableLine } from '@takt/kernel';
import { formatDuration } from '../render/figures.js';

export interface ProgressState {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly etaSeconds: number | null;
  readonly message: string;
}

/** One line that shows how far something is: rewritten in place on a terminal, a few lines of their own elsewhere. */
export interface ProgressLine {
  show(state: ProgressState): void;
  /** Removes the line, so that other text can follow. */
  clear(): void;
}

const BAR_CELLS = 20;
/** Lines per phase where the reader is not a terminal, beside the first. */
const STEPS_WHEN_PIPED = 4;

const fractionOf = ({ done, total }: ProgressState): number => (total > 0 ? Math.min(1, Math.max(0, done / total)) : 0);

/** The text of one state: label, bar, percent, time left, message. One line, whatever label and message hold. */
export function progressText(state: ProgressState): string {
  const fraction = fractionOf(state);
  const filled = Math.round(fraction * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  const eta = state.etaSeconds === null || fraction >= 1 ? '' : `  ETA ${formatDuration(state.etaSeconds)}`;
  const percent = String(Math.floor(fraction * 100)).padStart(3);
  return printableLine(`${state.label}  ${bar} ${percent} %${eta}${state.message === '' ? '' : `  ${state.message}`}`);
}

/** Rewrites one terminal line; `columns` cuts the text, since a wrapped line cannot be rewritten. */
export function terminalProgress(write: (text: string) => void, columns: () => number): ProgressLine {
  let shown = false;
  return {
    show: (state) => {
      shown = true;
      write(`\r\u001B[2K${progressText(state).slice(0, Math.max(20, columns() - 1))}`);
    },
    clear: () => {
      if (shown) write('\r\u001B[2K');
      shown = false;
    },
  };
}

/** One line when a label comes up and at each quarter: a log stays short however long the work takes. */
export function pipedProgress(write: (text: string) => void): ProgressLine {
  let label: string | undefined;
  let step = -1;
  return {
    show: (state) => {
      const reached = Math.floor(fractionOf(state) * STEPS_WHEN_PIPED);
      if (state.label === label && reached <= step) return;
      label = state.label;
      step = reached;
      write(`${progressText(state)}\n`);
    },
    clear: () => undefined,
  };
}

import type { ProgressLine } from './progress-line.js';
import type { Style } from './style.js';

/** Where the CLI writes: results on stdout, everything about the work on stderr. */
export interface Output {
  /** Text, of any number of lines, and a line end, on stdout. */
  line(text: string): void;
  /** One JSON document on stdout, indented unless it is one `line` of many. */
  json(value: unknown, layout?: 'indented' | 'line'): void;
  /** One line on stderr, whatever the text holds. */
  note(text: string): void;
  /** Text of takt's own, of any number of lines, and a line end, on stderr. */
  notes(text: string): void;
  /** The transient line at the foot of stderr. */
  readonly progress: ProgressLine;
  /** Style of stdout. */
  readonly style: Style;
  /** Style of stderr. */
  readonly noteStyle: Style;
}

import { TaktError, printable, printableLine } from '@takt/kernel';

/** Where the demo writes; a port, so that its parts can be read without a terminal. */
export interface Output {
  heading(text: string): void;
  line(text: string): void;
  /** Runs `work`, showing what it says of its progress, and prints how long it took. */
  step<T>(title: string, work: (progress: (note: string) => void) => Promise<T>): Promise<T>;
  /** Seconds of each heading's phase so far. */
  phases(): readonly { readonly title: string; readonly seconds: number }[];
}

export interface OutputOptions {
  readonly write: (text: string) => void;
  /** Whether lines may be rewritten in place. */
  readonly interactive: boolean;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** Names and messages in what it prints may come from a node: their control characters are shown, not obeyed. */
export function createOutput({ write: writeRaw, interactive, now }: OutputOptions): Output {
  const clear = interactive ? '\r\u001b[2K' : '';
  const write = (text: string): void => writeRaw(printable(text));
  const phases: { title: string; startedMs: number; endedMs: number | null }[] = [];
  const endPhase = (): void => {
    const last = phases.at(-1);
    if (last !== undefined && last.endedMs === null) last.endedMs = now();
  };
  const seconds = (sinceMs: number): string => `${((now() - sinceMs) / 1000).toFixed(1)} s`;

  return {
    heading(text) {
      endPhase();
      phases.push({ title: text, startedMs: now(), endedMs: null });
      write(`\n${text}\n`);
    },
    line: (text) => write(`${text}\n`),
    async step(title, work) {
      const startedMs = now();
      let note = '';
      const show = (): void => writeRaw(`${clear}${printableLine(`  … ${title}${note === '' ? '' : ` · ${note}`}`).slice(0, 155)}`);
      let timer: NodeJS.Timeout | undefined;
      if (interactive) {
        show();
        timer = setInterval(show, 250);
      }
      try {
        const value = await work((text) => (note = text));
        writeRaw(clear);
        write(`  ✓ ${title} · ${seconds(startedMs)}\n`);
        return value;
      } catch (thrown) {
        writeRaw(clear);
        write(`  ✗ ${title} · ${seconds(startedMs)}\n`);
        throw thrown;
      } finally {
        clearInterval(timer);
      }
    },
    phases() {
      return phases.map(({ title, startedMs, endedMs }) => ({ title, seconds: ((endedMs ?? now()) - startedMs) / 1000 }));
    },
  };
}

/** An error as a person should read it: what, code, and the next thing to do. */
export function describeError(thrown: unknown): string {
  const error = TaktError.from(thrown, { code: 'Unexpected', action: 'read the log files named above, and run npm start again' });
  return printable(`✗ ${error.message}\n  code: ${error.code}\n  Next: ${error.action}`);
}

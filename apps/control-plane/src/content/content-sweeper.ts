import { LogField } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import { Ticker } from '../boot/ticker.js';
import type { UnreferencedContent } from './unreferenced-content.js';

const EVERY_MS = 60_000;

/** Has content swept for as long as the control plane runs. Any number of replicas may do it. */
export class ContentSweeper {
  readonly #ticker: Ticker;

  constructor(content: Pick<UnreferencedContent, 'sweep'>, logger: Logger) {
    this.#ticker = new Ticker(
      EVERY_MS,
      async () => {
        await content.sweep();
      },
      (error) => {
        logger.warn('unreferenced content not removed, trying again', { [LogField.error]: error });
      },
    );
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): Promise<void> {
    return this.#ticker.stop();
  }
}

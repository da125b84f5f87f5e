import type { FrameSource, RuntimeStatus } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import type { Camera, ShowFrame, openCamera } from './camera.js';
import { SourceHealth } from './source-health.js';
import type { ImageFaultStage } from './source-health.js';
import { SourceReads } from './source-reads.js';

/** Unreadable images that are read again in one round. */
const READ_AGAIN_AT_ONCE = 100;

export interface LineSourceOptions {
  readonly open: typeof openCamera;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After which a read counts as hanging, ms. */
  readonly deadlineMs: number;
  /** Between two rounds in which unreadable images are read again, ms. */
  readonly readAgainMs: number;
  readonly show: ShowFrame;
  /** Hanging reads of earlier sources leave no thread for this one: only a new process can read it. */
  readonly onExhausted: (error: TaktError) => void;
}

/** The source that a line has: opened until it can be opened, replaced by another one, and what is wrong with it. */
export class LineSource {
  readonly #options: LineSourceOptions;
  readonly #reads: SourceReads;
  readonly #health = new SourceHealth();
  readonly #rounds: NodeJS.Timeout;
  #source: FrameSource | undefined;
  #camera: Camera | undefined;
  #opening: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #isReadingAgain = false;
  #stopped = false;

  constructor(options: LineSourceOptions) {
    this.#options = options;
    this.#reads = new SourceReads(options.deadlineMs, (error) => {
      if (!this.#stopped) options.onExhausted(error);
    });
    this.#rounds = setInterval(() => void this.#readAgain(), options.readAgainMs).unref();
  }

  /** Opens a source beside what else happens, again and again until it can be opened. */
  begin(source: FrameSource): void {
    this.#source = source;
    this.#opening = this.#openUntilOpen(source);
  }

  /** Resolves when the first attempt to open the source has ended. */
  get opening(): Promise<void> {
    return this.#opening;
  }

  isOpen(source: FrameSource): boolean {
    return this.#camera !== undefined && JSON.stringify(this.#source) === JSON.stringify(source);
  }

  /** Opens another source, which `assign` then takes. @throws TaktError where it cannot be opened; the line keeps the one it has. */
  async open(source: FrameSource): Promise<Camera> {
    try {
      return await this.#open(source);
    } catch (thrown) {
      const error = asSourceError(thrown);
      if (this.#health.refused(error)) this.#logNotOpened(error);
      throw error;
    }
  }

  /** @param opened of another source; undefined where the line keeps the one it has. */
  assign(source: FrameSource, opened: Camera | undefined): void {
    this.#health.assigned();
    if (opened === undefined) return;
    this.#source = source;
    clearTimeout(this.#retry);
    this.#camera?.stop();
    if (!this.#stopped) this.#start(opened);
  }

  /** A picture to warm an engine up with; undefined while the source is not open. */
  async sample(): Promise<Uint8Array | undefined> {
    return await this.#camera?.sample();
  }

  /** A frame's picture cannot be read or decoded. */
  unreadable(name: string, error: TaktError, stage: ImageFaultStage): void {
    const logged = this.#stopped ? undefined : this.#health.unreadable(name, error, stage);
    if (logged !== undefined) this.#options.logger.warn('image cannot be read', { [LogField.error]: logged });
  }

  /** A frame's picture was decoded. */
  decoded(name: string): void {
    this.#health.forget(name);
  }

  status(): NonNullable<RuntimeStatus['source']> {
    return this.#health.status();
  }

  /** Reads that have not ended, and that an exit of the process would wait for. */
  get hangingReads(): number {
    return this.#reads.overdue;
  }

  /** Waits up to `ms` for reads that were given up. */
  settle(ms: number): Promise<void> {
    return this.#reads.settle(ms);
  }

  /** Shows no other frame, and gives up the reads under way. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#rounds);
    clearTimeout(this.#retry);
    this.#camera?.stop();
    this.#reads.abandon();
  }

  #open(source: FrameSource): Promise<Camera> {
    return this.#options.open(source, this.#options.clock, this.#reads);
  }

  async #openUntilOpen(source: FrameSource): Promise<void> {
    try {
      const opened = await this.#open(source);
      if (!this.#stopped && this.#source === source) this.#start(opened);
    } catch (thrown) {
      if (this.#stopped) return;
      if (this.#source !== source) {
        this.#options.logger.info('camera of a replaced line not opened', { [LogField.error]: thrown });
        return;
      }
      const error = asSourceError(thrown);
      if (this.#health.failed(error)) this.#logNotOpened(error);
      this.#retry = setTimeout(() => void this.#openUntilOpen(source), this.#health.retryMs);
    }
  }

  #start(opened: Camera): void {
    this.#camera = opened;
    this.#health.opened();
    for (const { file, error } of opened.skipped) this.unreadable(file, error, 'read');
    opened.start(this.#options.show, (file) => {
      if (this.#camera === opened) this.#health.read(file);
    });
  }

  async #readAgain(): Promise<void> {
    if (this.#isReadingAgain) return;
    this.#isReadingAgain = true;
    const camera = this.#camera;
    for (const file of this.#health.toReadAgain(READ_AGAIN_AT_ONCE)) {
      const found = await camera?.readAgain(file).catch(asSourceError);
      if (this.#stopped || camera === undefined || this.#camera !== camera) break;
      if (found instanceof TaktError && found.code === 'SourceUnreadable') {
        this.#reopen(camera);
        break;
      }
      if (found instanceof TaktError) this.unreadable(file, found, 'read');
      else if (found === 'gone') this.#health.forget(file);
      else this.#health.read(file);
    }
    this.#isReadingAgain = false;
  }

  /** None of the images that were listed is left: the folder is listed again. */
  #reopen(camera: Camera): void {
    camera.stop();
    this.#camera = undefined;
    if (this.#source !== undefined) this.begin(this.#source);
  }

  #logNotOpened(error: TaktError): void {
    this.#options.logger.error('camera cannot be opened', { [LogField.error]: error });
  }
}

const asSourceError = (thrown: unknown): TaktError =>
  TaktError.from(thrown, { code: 'SourceUnreadable', action: 'see the log of the line', component: 'runtime' });

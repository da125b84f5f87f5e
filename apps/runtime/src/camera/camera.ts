import { listImages } from '@takt/image-io';
import type { FrameSource } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import { createFrameCache } from './frame-cache.js';
import { createSchedule } from './schedule.js';
import type { SourceReads } from './source-reads.js';

/** Encoded frames kept in memory at most, bytes. */
const CACHE_BYTES = 64 * 1024 * 1024;
/** How long images are read ahead; the others are read when they are shown. */
const READ_AHEAD_MS = 5000;

/** A frame as the camera shows it. */
export interface CameraFrame {
  /** Counts from 0 for the run of the runtime, without gaps. */
  readonly number: number;
  /** Path of its image. */
  readonly name: string;
  /** The encoded picture. */
  bytes(): Promise<Uint8Array>;
}

export interface Camera {
  /** The first picture, for warming an engine up off the live path. */
  sample(): Promise<Uint8Array>;
  /** Images that cannot be read, with the reason; they are not shown. */
  readonly skipped: readonly { readonly file: string; readonly error: TaktError }[];
  /** @param onRead called when the picture of a frame was read from the source, not from memory. */
  start(show: ShowFrame, onRead: (file: string) => void): void;
  /** Reads an image again: see {@link FrameCache.readAgain}. */
  readAgain(file: string): Promise<'read' | 'gone'>;
  stop(): void;
}

/** Takes a frame that has no number yet. */
export type ShowFrame = (frame: Pick<CameraFrame, 'name' | 'bytes'>) => void;

/**
 * Opens a frame source. An image folder is a paced camera: sorted files, shown over and over at a fixed rate whether or not
 * any engine keeps up. Images that cannot be read are left out until they can be.
 *
 * @param maxBytes kept in memory of its encoded images. Default: 64 MiB.
 * @throws TaktError when the folder cannot be listed, does not answer, or holds no image that can be read.
 */
export async function openCamera(
  source: FrameSource,
  clock: Clock,
  allReads: Pick<SourceReads, 'of'>,
  maxBytes = CACHE_BYTES,
): Promise<Camera> {
  const folder = source.path;
  if (folder === undefined) {
    throw new TaktError({
      code: 'FrameSourceNotLocal',
      message: 'the frame source names a data set that is not on this node',
      action: 'let the agent unpack the data set and assign its folder',
      component: 'runtime',
    });
  }
  const reads = allReads.of(folder);
  const listed = await reads.run(folder, () => listImages(folder));
  const lateAt = clock.monotonic() + READ_AHEAD_MS;
  const cache = await createFrameCache(listed, { maxBytes, isLate: () => clock.monotonic() >= lateAt }, reads);
  const { files, skipped } = cache;
  const bytesOf = async (file: string): Promise<Uint8Array> => cache.kept(file) ?? (await cache.read(file));
  let timer: NodeJS.Timeout | undefined;
  return {
    skipped,
    sample: () => bytesOf(files[0] ?? folder),
    readAgain: (file) => cache.readAgain(file),
    start: (show, onRead) => {
      const schedule = createSchedule(clock.monotonic(), source.fps);
      let shown = 0;
      const wake = (): void => {
        for (const due = schedule.dueBy(clock.monotonic()); shown < due; shown += 1) {
          const file = files[shown % files.length] ?? folder;
          const readNow = async (): Promise<Uint8Array> => {
            const bytes = await cache.read(file);
            onRead(file);
            return bytes;
          };
          show({ name: file, bytes: async () => cache.kept(file) ?? (await readNow()) });
        }
        timer = setTimeout(wake, Math.max(0, schedule.dueAt(shown) - clock.monotonic()));
      };
      wake();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

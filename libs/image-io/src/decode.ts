import type { RgbImage } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import sharp from 'sharp';

/** Pictures above this are refused before they are unpacked: 100 megapixels. */
const MAX_PIXELS = 100_000_000;

/**
 * Settings of the image library for a process that decodes frames for months: no operation cache (every frame is new), one
 * thread a picture (the engine owns the cores).
 */
export function configureImageLibrary(): void {
  sharp.cache(false);
  sharp.concurrency(1);
}

/**
 * JPEG or PNG bytes → RGB pixels as a detector's training saw them: stored orientation (EXIF ignored), stored values (no
 * colour profile applied), alpha dropped, grey spread to three channels.
 *
 * @param name what to call the picture in messages.
 * @throws TaktError `ImageUnreadable` for bytes that are no whole picture.
 */
export async function decodeImage(bytes: Uint8Array, name = 'the image'): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: MAX_PIXELS, sequentialRead: true })
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels = info.channels === 1 ? spread(data) : data;
    return { width: info.width, height: info.height, data: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength) };
  } catch (error) {
    throw new TaktError({
      code: 'ImageUnreadable',
      message: `${name} cannot be read as a picture: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      action: 'replace it by a whole JPEG or PNG file, or take it out of the folder',
      component: 'image-io',
      element: name,
      cause: error,
    });
  }
}

function spread(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  grey.forEach((value, index) => rgb.fill(value, 3 * index, 3 * index + 3));
  return rgb;
}

import type { RgbImage } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { isBmp } from './bmp/bmp-header.js';
import { decodeBmp } from './bmp/decode-bmp.js';
import { inksToRgb, jpegComponents } from './jpeg-inks.js';

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
 * JPEG, PNG, BMP or WebP bytes → RGB pixels as a detector's training saw them, which is as OpenCV's `imread` reads colour
 * pictures: turned as their EXIF orientation says, stored values (no colour profile applied), alpha dropped, grey spread to
 * three channels, the upper 8 of 16 bits, the four inks of a CMYK picture by plain multiplication.
 *
 * @param name what to call the picture in messages.
 * @throws TaktError `ImageUnreadable` for bytes that are no whole picture.
 */
export async function decodeImage(bytes: Uint8Array, name = 'the image'): Promise<RgbImage> {
  try {
    if (isBmp(bytes)) return decodeBmp(bytes, MAX_PIXELS);
    const picture = sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: MAX_PIXELS, sequentialRead: true }).autoOrient();
    return jpegComponents(bytes) === 4 ? await decodeInks(picture) : await decodeColours(picture);
  } catch (error) {
    throw new TaktError({
      code: 'ImageUnreadable',
      message: `${name} cannot be read as a picture: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      action: 'replace it by a whole JPEG, PNG, BMP or WebP file, or take it out of the folder',
      component: 'image-io',
      element: name,
      cause: error,
    });
  }
}

async function decodeColours(picture: Sharp): Promise<RgbImage> {
  const { data, info } = await picture.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const pixels = info.channels === 1 ? spread(data) : data;
  return { width: info.width, height: info.height, data: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength) };
}

/** CMYK: kept from the library's own conversion, which goes through a colour profile. */
async function decodeInks(picture: Sharp): Promise<RgbImage> {
  const cmyk = picture.pipelineColourspace('cmyk').toColourspace('cmyk');
  const { data, info } = await cmyk.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== 4) throw new Error(`${String(info.channels)} channels instead of four inks`);
  // The library gives ink, a JPEG stores the lack of it.
  return { width: info.width, height: info.height, data: inksToRgb(data.map((ink) => 255 - ink)) };
}

function spread(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  grey.forEach((value, index) => rgb.fill(value, 3 * index, 3 * index + 3));
  return rgb;
}

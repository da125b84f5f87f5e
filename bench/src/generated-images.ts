import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Writes `count` different JPEG pictures of `width` × `height` pixels, each of smooth waves and noise, into a new folder. */
export async function generateImages(folder: string, count: number, width: number, height: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pixels = new Uint8Array(3 * width * height);
  let noise = 1;
  for (let image = 0; image < count; image += 1) {
    for (let at = 0; at < pixels.length; at += 1) {
      noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
      const wave = Math.sin(((at / 3) % width) / (5 + (image % 40))) * Math.cos(Math.floor(at / (3 * width)) / (3 + (image % 23)));
      pixels[at] = 128 + 90 * wave + (noise >>> 24) / 8 - 16 + (at % 3) * ((image % 7) - 3);
    }
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toFile(join(folder, `${String(image).padStart(5, '0')}.jpg`));
  }
}

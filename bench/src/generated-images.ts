import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Writes `count` different JPEG pictures of `width` × `height` pixels, each of smooth waves and noise, into a new folder. */
export async function generateImages(folder: string, count: number, width: number, height: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pixels = new Uint8Array(3 * width * height);
  const noise = Uint8Array.from({ length: 65_521 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 27) & 31);
  for (let image = 0; image < count; image += 1) {
    const across = Float32Array.from({ length: 3 * width }, (_, x) => Math.sin(x / (15 + (image % 40))) + (x % 3) / 8);
    for (let y = 0; y < height; y += 1) {
      const down = 90 * Math.cos(y / (3 + (image % 23)));
      for (let x = 0; x < across.length; x += 1) {
        const at = y * across.length + x;
        pixels[at] = 128 + down * (across[x] as number) + (noise[(at + 977 * image) % noise.length] as number) - 16;
      }
    }
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toFile(join(folder, `${String(image).padStart(5, '0')}.jpg`));
  }
}

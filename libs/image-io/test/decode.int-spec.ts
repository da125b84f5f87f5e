import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_IMAGE_BYTES, configureImageLibrary, decodeImage, listImages, readImage } from '../src/index.js';

/** 2×1 pixels: pure red, then a dull blue. */
const rgb = Buffer.from([255, 0, 0, 10, 20, 90]);
const raw = { raw: { width: 2, height: 1, channels: 3 as const } };

describe('decodeImage', () => {
  beforeAll(configureImageLibrary);

  it('gives PNG pixels as stored', async () => {
    const image = await decodeImage(await sharp(rgb, raw).png().toBuffer());
    expect(image).toMatchObject({ width: 2, height: 1 });
    expect([...image.data]).toEqual([...rgb]);
  });

  it('drops alpha, spreads grey, reduces 16 bits', async () => {
    const withAlpha = await sharp(rgb, raw).ensureAlpha(0.5).png().toBuffer();
    expect([...(await decodeImage(withAlpha)).data]).toEqual([...rgb]);
    const grey = await sharp(Buffer.from([7, 200]), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect([...(await decodeImage(grey)).data]).toEqual([7, 7, 7, 200, 200, 200]);
    const deep = await sharp(rgb, raw).toColourspace('rgb16').png().toBuffer();
    expect([...(await decodeImage(deep)).data]).toEqual([...rgb]);
  });

  it('applies no colour profile', async () => {
    const plain = await sharp(rgb, raw).png().toBuffer();
    const tagged = await sharp(plain).withIccProfile('p3', { attach: true }).png().toBuffer();
    const stored = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
    expect([...(await decodeImage(tagged)).data]).toEqual([...stored]);
  });

  it('turns a picture as the camera was held', async () => {
    const turned = await sharp(rgb, raw).withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await decodeImage(turned);
    expect(image).toMatchObject({ width: 1, height: 2 });
    expect([...image.data]).toEqual([...rgb]);
  });

  it('reads grey JPEG as three equal channels', async () => {
    const grey = await sharp(Buffer.alloc(64, 90), { raw: { width: 8, height: 8, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer();
    const { data } = await decodeImage(grey);
    expect(data).toHaveLength(192);
    expect(new Set(data)).toEqual(new Set([90]));
  });

  it('refuses bytes that are no whole picture and names it', async () => {
    const whole = await sharp(
      Buffer.alloc(64 * 64 * 3, 120).map((_, index) => index * 31),
      { raw: { width: 64, height: 64, channels: 3 } },
    )
      .jpeg()
      .toBuffer();
    await expect(decodeImage(whole.subarray(0, whole.length / 2), 'a.jpg')).rejects.toMatchObject({
      code: 'ImageUnreadable',
      element: 'a.jpg',
    });
    await expect(decodeImage(Buffer.from('no picture'), 'b.jpg')).rejects.toMatchObject({ code: 'ImageUnreadable' });
    await expect(decodeImage(Buffer.from('BM, but no picture'), 'c.bmp')).rejects.toMatchObject({
      code: 'ImageUnreadable',
      element: 'c.bmp',
    });
    await expect(decodeImage(Buffer.alloc(0))).rejects.toMatchObject({ code: 'ImageUnreadable' });
  });

  it('refuses a small file that unpacks to billions of pixels by its header', async () => {
    const png = await sharp(rgb, raw).png().toBuffer();
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    const bmp = Buffer.alloc(54);
    bmp.write('BM');
    bmp.writeUInt32LE(54, 10);
    bmp.writeUInt32LE(40, 14);
    bmp.writeInt32LE(60_000, 18);
    bmp.writeInt32LE(60_000, 22);
    bmp.writeUInt16LE(24, 28);
    const before = process.memoryUsage.rss();
    for (const bomb of [png, bmp]) {
      await expect(decodeImage(bomb, 'bomb')).rejects.toMatchObject({
        code: 'ImageUnreadable',
        element: 'bomb',
        message: expect.stringMatching(/pixel/) as string,
      });
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
  });
});

describe('listImages', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'takt-images-'));
    await mkdir(join(folder, 'b/.hidden'), { recursive: true });
    await mkdir(join(folder, 'empty'));
    for (const name of ['b/2.JPG', 'b/10.png', 'a.jpeg', 'Z.jpg', 'c.bmp', 'd.webp', 'notes.txt', '.x.jpg', 'b/.hidden/y.jpg'])
      await writeFile(join(folder, name), '');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds pictures in subfolders, sorted by code unit, hidden ones left out', async () => {
    expect((await listImages(folder)).map((path) => path.slice(folder.length + 1))).toEqual([
      'Z.jpg',
      'a.jpeg',
      'b/10.png',
      'b/2.JPG',
      'c.bmp',
      'd.webp',
    ]);
  });

  it('says when there is none, or no folder', async () => {
    await expect(listImages(join(folder, 'empty'))).rejects.toMatchObject({ code: 'ImageFolderEmpty' });
    await expect(listImages(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ImageFolderUnreadable' });
  });

  it('refuses what is no folder, a loop of links, and a tree with too many entries', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await symlink('loop', join(folder, 'loop'));
    for (const path of [join(folder, 'fifo'), join(folder, 'notes.txt'), join(folder, 'loop'), '/dev/zero'])
      await expect(listImages(path)).rejects.toMatchObject({ code: 'ImageFolderUnreadable', element: path });
    await expect(listImages(folder, 5)).rejects.toMatchObject({ code: 'ImageFolderTooLarge', element: folder });
  });

  it('does not follow a link from a folder back to it', async () => {
    await symlink('..', join(folder, 'b/up'));
    expect(await listImages(folder)).toHaveLength(6);
  });
});

describe('readImage', () => {
  it('reads up to a limit, and names the image that cannot be read', async () => {
    const read = vi.fn(() => Promise.resolve(new Uint8Array([7])));
    expect(await readImage('/a.jpg', read)).toEqual(new Uint8Array([7]));
    expect(read).toHaveBeenCalledWith('/a.jpg', MAX_IMAGE_BYTES);
    await expect(readImage('/a.jpg', () => Promise.reject(new Error('it is a FIFO')))).rejects.toMatchObject({
      code: 'ImageUnreadable',
      element: '/a.jpg',
      message: 'the image /a.jpg cannot be read: it is a FIFO',
    });
  });
});

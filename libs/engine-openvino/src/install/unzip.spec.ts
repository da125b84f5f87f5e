import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWanted } from './release.js';
import { unzip } from './unzip.js';

/** A zip archive as a packer writes it: local headers with an extra field, a directory, a comment. */
function zip(files: Readonly<Record<string, string>>, method: 0 | 8): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const [name, content] = [Buffer.from(path), Buffer.from(text)];
    const packed = method === 8 ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, name, Buffer.alloc(4), packed);
    directory.push(entry, name);
    offset += 34 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(4, 20);
  return Buffer.concat([...locals, ...directory, end, Buffer.from('note')]);
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-unzip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('unzip', () => {
  const files = { 'openvino/libs/libopenvino_c.so.1': 'ab'.repeat(500), 'openvino/tools/x.py': 'x', 'openvino/libs/': '' };

  it.each([0, 8] as const)('writes what is wanted of an archive packed with method %i', async (method) => {
    const into = join(folder, String(method));
    expect(await unzip(zip(files, method), into, isWanted)).toEqual(['openvino/libs/libopenvino_c.so.1']);
    expect(await readFile(join(into, 'openvino/libs/libopenvino_c.so.1'), 'utf8')).toBe(files['openvino/libs/libopenvino_c.so.1']);
  });

  it('refuses an archive that is cut short, damaged, or leaves its folder', async () => {
    const whole = zip(files, 0);
    const all = (): boolean => true;
    await expect(unzip(whole.subarray(0, whole.length - 40), folder, all)).rejects.toThrow('no zip archive');
    await expect(unzip(new Uint8Array(), folder, all)).rejects.toThrow('no zip archive');
    const damaged = Buffer.from(whole);
    damaged.write('X', 30 + 36);
    damaged.write('X', 30 + 36 + 10);
    await expect(unzip(damaged, folder, all)).rejects.toThrow('damaged');
    await expect(unzip(zip({ '../outside': 'x' }, 8), folder, all)).rejects.toThrow('outside of it');
  });
});

describe('files taken from the wheel', () => {
  it('are those that run an ONNX model on a CPU', () => {
    const libs = ['libopenvino.so.2641', 'libopenvino_c.so.2641', 'libopenvino_onnx_frontend.so.2641', 'libopenvino_intel_cpu_plugin.so'];
    expect([...libs, 'libtbb.so.12', 'libhwloc.so.15'].every((name) => isWanted(`openvino/libs/${name}`))).toBe(true);
    expect(isWanted('openvino/include/openvino/c/ov_common.h')).toBe(true);
    expect(isWanted('openvino/libs/libopenvino_intel_gpu_plugin.so')).toBe(false);
    expect(isWanted('openvino/libs/libopenvino_pytorch_frontend.so.2641')).toBe(false);
  });
});

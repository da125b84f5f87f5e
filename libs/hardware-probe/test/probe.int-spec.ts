import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findEngines, probeHardware, readBox } from '../src/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-probe-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('probeHardware on this machine', () => {
  it('says what the machine is, twice the same', async () => {
    const first = await probeHardware({ dataDir: join(root, 'not', 'there', 'yet') });
    const second = await probeHardware({ dataDir: root });
    expect(first.facts.cpu.logicalCores).toBe(availableParallelism());
    expect(first.facts.cpu.physicalCores).toBeLessThanOrEqual(first.facts.cpu.logicalCores);
    expect(first.facts.memoryMiB).toBeGreaterThan(0);
    expect(first.facts.disk.totalMiB).toBeGreaterThan(0);
    expect(first.profile.name).toMatch(/^(?:x64|arm64|arm)-[a-z0-9-]+$/);
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.profile).toEqual(first.profile);
  });

  it('knows the kernel by its own name', async () => {
    const { facts } = await probeHardware({ dataDir: root });
    expect(facts.os.kernel).toBe(execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());
  });

  it('ends when it is told to', async () => {
    await expect(probeHardware({ dataDir: root, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });
});

describe('tools on the box', () => {
  it('keeps what nvidia-smi says when it fails, and calls tools in the C locale', async () => {
    const bin = join(root, 'bin');
    await mkdir(bin);
    await writeFile(
      join(bin, 'nvidia-smi'),
      '#!/bin/sh\necho "Failed to initialize NVML: Driver/library version mismatch ($LC_ALL)"\nexit 18\n',
    );
    await chmod(join(bin, 'nvidia-smi'), 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${bin}${delimiter}${before ?? ''}`;
    try {
      expect((await readBox({ dataDir: root })).nvidiaSmi).toBe('Failed to initialize NVML: Driver/library version mismatch (C)');
      const { facts } = await probeHardware({ dataDir: root });
      expect(facts.accelerators.find((accelerator) => accelerator.kind === 'nvidia-gpu')).toMatchObject({ usable: false });
    } finally {
      process.env['PATH'] = before;
    }
  });
});

describe('findEngines', () => {
  it('reads the version of the package above the given folder', async () => {
    const app = join(root, 'app', 'deep');
    await mkdir(join(root, 'app', 'node_modules', 'onnxruntime-node'), { recursive: true });
    await mkdir(app);
    await writeFile(join(root, 'app', 'node_modules', 'onnxruntime-node', 'package.json'), JSON.stringify({ version: '9.8.7' }));
    expect(await findEngines(app)).toEqual({ onnxruntime: '9.8.7' });
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hardwareProfile, parseCpuinfo, parseLscpu, parseNvidiaSmi, parseOsRelease, cpuFacts } from '../src/index.js';
import type { CpuFacts } from '../src/index.js';
import { describe, expect, it } from 'vitest';

/** Transcripts of real machines, when a folder of them is at hand. */
const reference = process.env['TAKT_REFERENCE_DIR'];
const read = (file: string): string => readFileSync(join(reference ?? '', 'fixtures', file), 'utf8');
const filesIn = (folder: string): string[] => (reference === undefined ? [] : readdirSync(join(reference, 'fixtures', folder)));
const cpu = (source: { lscpu?: string; cpuinfo?: string }): CpuFacts =>
  cpuFacts({ lscpu: source.lscpu, cpuinfo: source.cpuinfo, processArchitecture: '', availableCpus: 0 });

describe.skipIf(reference === undefined)('real transcripts (needs TAKT_REFERENCE_DIR)', () => {
  it.each(filesIn('lscpu'))('lscpu/%s gives facts', (file) => {
    const facts = parseLscpu(read(`lscpu/${file}`));
    expect(facts.logicalCores).toBeGreaterThan(0);
    expect(facts.flags.size).toBeGreaterThan(0);
    const whole = cpu({ lscpu: read(`lscpu/${file}`) });
    expect(whole.physicalCores).toBeLessThanOrEqual(whole.logicalCores);
    expect(hardwareProfile({ cpu: whole, accelerators: [], memoryMiB: 1024 }).name).toMatch(/^(?:x64|arm64|arm)-[a-z0-9-]+-\d+c$/);
  });

  it.each(filesIn('cpuinfo'))('cpuinfo/%s gives facts', (file) => {
    const facts = parseCpuinfo(read(`cpuinfo/${file}`));
    expect(facts.logicalCores).toBeGreaterThan(0);
    expect(facts.flags.size).toBeGreaterThan(0);
    expect(facts.models.length).toBeGreaterThan(0);
  });

  it.each([
    ['core-ultra-9-185h-hybrid.txt', { physicalCores: 16, logicalCores: 22, int8DotProduct: 'avx-vnni', sockets: 1 }],
    ['cortex-a72-lx2160a-kernel4.14.txt', { physicalCores: 16, sockets: 1, model: 'Cortex-A72', int8DotProduct: 'none' }],
    ['cortex-a72-rpi4-aarch64.txt', { physicalCores: 4, numaNodes: 1, maxMhz: 2400, architecture: 'arm64' }],
    ['epyc7451-8-numa.txt', { numaNodes: 8, int8DotProduct: 'none' }],
    ['epyc7451-util-linux-expected.txt', { architecture: 'x64', numaNodes: 8 }],
    ['i5-m460-lscpu-J-flat.json', { model: 'Intel(R) Core(TM) i5 CPU M 460 @ 2.53GHz', physicalCores: 2, logicalCores: 4 }],
    ['i7-9700k-wsl1.txt', { numaNodes: 1, physicalCores: 8 }],
    ['jetson-agx-orin.txt', { sockets: 1, physicalCores: 12, int8DotProduct: 'neon-dotprod' }],
    ['jetson-nano-a57.txt', { numaNodes: 1, architecture: 'arm64', int8DotProduct: 'none' }],
    ['jetson-xavier-nx.txt', { physicalCores: 6, sockets: 1 }],
    ['n100.txt', { model: 'Intel(R) N100', int8DotProduct: 'avx-vnni' }],
    ['rk3399-a72-a53-two-model-blocks.txt', { model: 'Cortex-A72 + Cortex-A53', physicalCores: 6, maxMhz: 1800, sockets: 1 }],
    ['rk3399-no-model-name.txt', { model: 'unknown', physicalCores: 6, sockets: 1, architecture: 'arm64' }],
    ['rk3399-ubuntu20-vulnerabilities.txt', { model: 'Cortex-A53', physicalCores: 6 }],
    ['utillinux-arm-A510-A710-A715-X3.txt', { logicalCores: 8 }],
    ['xeon-e5-2670v2-ivybridge.txt', { sockets: 2, physicalCores: 20, logicalCores: 40, int8DotProduct: 'none' }],
  ] as const)('lscpu/%s: the facts that its notes name', (file, expected) => {
    expect(cpu({ lscpu: read(`lscpu/${file}`) })).toMatchObject(expected);
  });

  it.each([
    ['amd-opteron-6276-head2.txt', { model: 'AMD Opteron(TM) Processor 6276', architecture: 'x64', int8DotProduct: 'none' }],
    ['jetson-agx-orin.txt', { model: 'Cortex-A78AE', int8DotProduct: 'neon-dotprod' }],
    ['imx8m.txt', { model: 'Cortex-A53' }],
    ['lx2160a-a72-5.4.txt', { model: 'Cortex-A72', logicalCores: 16 }],
    ['nvidia-dgx-gb10-arm.txt', { logicalCores: 20, int8DotProduct: 'neon-dotprod' }],
    ['rk3399-5.15.txt', { model: 'Cortex-A72 + Cortex-A53', logicalCores: 6 }],
    ['rpi4-bcm2711-5.10-64bit.txt', { model: 'Cortex-A72', logicalCores: 4 }],
    ['rpi4-fedora35.txt', { model: 'Cortex-A72' }],
    ['xeon-e5-2670v2-40cpu.txt', { logicalCores: 40, physicalCores: 20, sockets: 2 }],
    ['xeon-e7-4870-no-avx-head2.txt', { model: 'Intel(R) Xeon(R) CPU E7- 4870 @ 2.40GHz' }],
  ] as const)('cpuinfo/%s: the facts that its notes name', (file, expected) => {
    expect(cpu({ cpuinfo: read(`cpuinfo/${file}`) })).toMatchObject(expected);
  });

  it('a CPU without any AVX is told apart', () => {
    const facts = cpu({ cpuinfo: read('cpuinfo/xeon-e7-4870-no-avx-head2.txt') });
    expect(hardwareProfile({ cpu: facts, accelerators: [], memoryMiB: 1 }).name).toMatch(/^x64-sse-/);
  });

  it.each(filesIn('nvidia-smi'))('nvidia-smi/%s is read without throwing', (file) => {
    const smi = parseNvidiaSmi(read(`nvidia-smi/${file}`));
    expect(smi.kind).toBe(file.endsWith('.xml') ? 'gpus' : 'unusable');
  });

  it.each([
    [
      't4-515.105.01-cuda11.7-q-x.xml',
      '515.105.01',
      1,
      { model: 'Tesla T4', memoryMiB: 15360, computeCapability: '7.5', powerLimitWatts: 70 },
    ],
    ['a100-sxm4-mig-510.47.03-q-x.xml', '510.47.03', 2, { memoryMiB: 19968, computeCapability: '8.0' }],
    ['a10g-q-x.xml', '515.105.01', 1, { memoryMiB: 23028, throttleReasons: ['gpu_idle'] }],
    ['gtx1070ti-q-x-trimmed.xml', null, 1, { memoryMiB: 4096, powerDrawWatts: null }],
    ['rtx3080-v13-q-x.xml', '595.58.03', 1, { memoryMiB: 10240, powerDrawWatts: 142.33, powerLimitWatts: 320 }],
  ] as const)('nvidia-smi/%s: the facts that its notes name', (file, driverVersion, count, expected) => {
    const smi = parseNvidiaSmi(read(`nvidia-smi/${file}`));
    if (smi.kind !== 'gpus') throw new Error('expected boards');
    expect(smi.driverVersion).toBe(driverVersion);
    expect(smi.gpus).toHaveLength(count);
    expect(smi.gpus[0]).toMatchObject(expected);
  });

  it.each(filesIn('os-release'))('os-release/%s gives id, version and name', (file) => {
    const os = parseOsRelease(read(`os-release/${file}`));
    expect(os.id).toMatch(/^[a-z]+$/);
    expect(os.versionId).toMatch(/^\d+(\.\d+)?$/);
    expect(os.name.length).toBeGreaterThan(3);
  });

  it('tells CentOS Linux 8 from CentOS Stream 8', () => {
    const linux = parseOsRelease(read('os-release/centos_8.txt'));
    const stream = parseOsRelease(read('os-release/centos_stream_8.txt'));
    expect({ ...linux, name: '' }).toEqual({ ...stream, name: '' });
    expect(stream.name).not.toBe(linux.name);
  });
});

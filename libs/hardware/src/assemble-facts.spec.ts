import { describe, expect, it } from 'vitest';
import { assembleFacts } from './assemble-facts.js';
import { fingerprint } from './fingerprint.js';
import { hardwareProfile } from './hardware-profile.js';
import { acceleratorNode, edgeServer, lowPowerEdge } from '../test/boxes.js';

/** Not a real hash: it only has to keep different inputs apart here. */
const hash = (content: Uint8Array | string): string => {
  let value = 0n;
  for (const char of String(content)) value = (value * 1_099_511_628_211n + BigInt(char.codePointAt(0) ?? 0)) % (1n << 256n);
  return value.toString(16).padStart(64, '0');
};

describe('edge server (R750, T4)', () => {
  const facts = assembleFacts(edgeServer);

  it('reads topology, flags across the broken line, and the localised number', () => {
    expect(facts.cpu).toMatchObject({
      vendor: 'GenuineIntel',
      model: 'Intel(R) Xeon(R) Gold 5318Y CPU @ 2.10GHz',
      architecture: 'x64',
      int8DotProduct: 'avx512-vnni',
      sockets: 2,
      physicalCores: 48,
      logicalCores: 96,
      numaNodes: 2,
      maxMhz: 3400,
    });
    expect(assembleFacts({ ...edgeServer, cpuinfo: undefined }).cpu.int8DotProduct).toBe('avx512-vnni');
  });

  it('counts the board that is there, not the ones announced, and says what is missing to use it', () => {
    expect(facts.accelerators).toHaveLength(1);
    expect(facts.accelerators[0]).toMatchObject({
      model: 'Tesla T4',
      memoryMiB: 15360,
      driverVersion: '510.47.03',
      computeCapability: '7.5',
      usable: false,
    });
    expect(facts.accelerators[0]?.reason).toContain('served by the CPU');
    expect(assembleFacts({ ...edgeServer, engines: { tensorrt: '8.5.3' } }).accelerators[0]).toMatchObject({ usable: true, reason: null });
  });

  it('has the profile of its class', () => {
    expect(hardwareProfile(facts).name).toBe('x64-avx512-vnni-48c-t4');
    expect(facts.os).toEqual({ id: 'centos', versionId: '8', name: 'CentOS Linux 8', kernel: '4.18.0-348.el8.x86_64' });
    expect(facts.libc).toEqual({ family: 'glibc', version: '2.28' });
    expect(facts.memoryMiB).toBe(64102);
  });

  it('keeps the board in sight when its driver does not answer', () => {
    const broken = assembleFacts({
      ...edgeServer,
      nvidiaSmi: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.54\n',
    });
    expect(broken.accelerators[0]).toMatchObject({ kind: 'nvidia-gpu', model: 'Tesla T4', usable: false, driverVersion: null });
    expect(broken.accelerators[0]?.reason).toContain('restart the box');
    expect(hardwareProfile(broken).name).toBe('x64-avx512-vnni-48c-t4');
    expect(assembleFacts({ ...edgeServer, nvidiaSmi: undefined }).accelerators[0]?.reason).toContain('no NVIDIA driver is installed');
  });
});

describe('low-power edge (NUC11, Iris Xe)', () => {
  it('reads nested lscpu JSON and names the graphics unit', () => {
    const facts = assembleFacts(lowPowerEdge);
    expect(facts.cpu).toMatchObject({ physicalCores: 4, logicalCores: 8, numaNodes: 1, maxMhz: 4700, int8DotProduct: 'avx512-vnni' });
    expect(hardwareProfile(facts).name).toBe('x64-avx512-vnni-4c-iris-xe');
    expect(hardwareProfile(facts).summary).toContain('Iris Xe (not usable)');
  });

  it('reads the JSON when /proc/cpuinfo is hidden', () => {
    expect(assembleFacts({ ...lowPowerEdge, cpuinfo: undefined }).cpu.model).toBe('11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz');
  });
});

describe('accelerator node (Cortex-A72, NCS2)', () => {
  const facts = assembleFacts(acceleratorNode);

  it('has no INT8 dot product, and one socket although lscpu counts clusters', () => {
    expect(facts.cpu).toMatchObject({
      model: 'Cortex-A72',
      architecture: 'arm64',
      int8DotProduct: 'none',
      sockets: 1,
      physicalCores: 4,
      logicalCores: 4,
    });
    expect(facts.cpu.isa).toEqual(['asimd']);
  });

  it('knows the stick before and after a program boots it, with the same fingerprint', () => {
    expect(hardwareProfile(facts).name).toBe('arm64-a72-4c-myriad');
    const asleep = assembleFacts({ ...acceleratorNode, usb: [{ vendor: '03e7', product: '2485' }] });
    expect(fingerprint(asleep, hash)).toBe(fingerprint(facts, hash));
  });

  it('counts the architecture of the process, not of the kernel', () => {
    expect(assembleFacts({ ...acceleratorNode, processArchitecture: 'arm' }).cpu.architecture).toBe('arm');
  });
});

describe('limits and gaps', () => {
  it('counts only the CPUs a container may use', () => {
    expect(assembleFacts({ ...edgeServer, availableCpus: 2 }).cpu).toMatchObject({ logicalCores: 2, physicalCores: 1 });
  });

  it('gives usable facts when nothing could be read', () => {
    const facts = assembleFacts({
      ...acceleratorNode,
      cpuinfo: undefined,
      lscpu: undefined,
      meminfo: undefined,
      totalMemoryBytes: 2 ** 31,
      osRelease: undefined,
    });
    expect(facts.cpu).toMatchObject({ model: 'unknown', physicalCores: 4, logicalCores: 4, sockets: 1, isa: [] });
    expect(facts.memoryMiB).toBe(2048);
    expect(facts.os.id).toBe('linux');
  });
});

describe('fingerprint', () => {
  const facts = assembleFacts(edgeServer);
  const base = fingerprint(facts, hash);

  it('does not depend on host name, disk and memory', () => {
    expect(fingerprint({ ...facts, hostname: 'other', memoryMiB: 1, disk: { totalMiB: 1, freeMiB: 0 } }, hash)).toBe(base);
    expect(base).toMatch(/^fp1-[0-9a-f]{32}$/);
  });

  it('changes with driver, engine version, CPU, cores and libc', () => {
    const accelerators = facts.accelerators.map((accelerator) => ({ ...accelerator, driverVersion: '515.105.01' }));
    const others = [
      { ...facts, accelerators },
      { ...facts, engines: { onnxruntime: '1.31.0' } },
      { ...facts, cpu: { ...facts.cpu, model: 'other' } },
      { ...facts, cpu: { ...facts.cpu, logicalCores: 48 } },
      { ...facts, libc: { ...facts.libc, version: '2.31' } },
    ].map((other) => fingerprint(other, hash));
    expect(new Set([base, ...others]).size).toBe(6);
  });
});

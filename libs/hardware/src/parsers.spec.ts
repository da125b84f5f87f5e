import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseCpuinfo } from './parse-cpuinfo.js';
import { parseLscpu } from './parse-lscpu.js';
import { parseNvidiaSmi } from './parse-nvidia-smi.js';
import { parseLibc, parseMeminfo, parseOsRelease } from './parse-os.js';
import { hardwareProfile } from './hardware-profile.js';
import { cpuFacts } from './assemble-facts.js';

describe('parseLscpu', () => {
  it('sums two kinds of core and keeps only flags that both have', () => {
    const text =
      'Architecture: aarch64\nCPU(s): 6\nVendor ID: ARM\nModel name: Cortex-A53\nThread(s) per core: 1\nCore(s) per socket: 4\nSocket(s): 1\n' +
      'CPU max MHz: 1416.0000\nFlags: fp asimd aes\nModel name: Cortex-A72\nThread(s) per core: 1\nCore(s) per socket: 2\nSocket(s): 1\n' +
      'CPU max MHz: 1800.0000\nFlags: fp asimd asimddp\nNUMA node(s): 1\n';
    const facts = parseLscpu(text);
    expect(facts).toMatchObject({ physicalCores: 6, models: ['Cortex-A53', 'Cortex-A72'], maxMhz: 1800, numaNodes: 1 });
    expect([...facts.flags].sort()).toEqual(['asimd', 'fp']);
    const cpu = cpuFacts({ lscpu: text, cpuinfo: undefined, processArchitecture: 'arm64', availableCpus: 6 });
    expect(cpu.model).toBe('Cortex-A72 + Cortex-A53');
    expect(hardwareProfile({ cpu, accelerators: [], memoryMiB: 4096 }).name).toBe('arm64-a72-6c');
  });

  it('reads clusters where sockets are not known, and stops before the parsable table', () => {
    const facts = parseLscpu(
      'CPU(s): 8\nModel name: Cortex-A510\nCore(s) per cluster: 4\nSocket(s): -\nCluster(s): 2\n# The following is the parsable format\n0,0,0,0,,0\n',
    );
    expect(facts).toMatchObject({ physicalCores: 8, sockets: null, logicalCores: 8 });
  });

  it('does not believe more cores than CPUs', () => {
    expect(parseLscpu('CPU(s): 4\nCore(s) per socket: 8\nSocket(s): 1\n').physicalCores).toBeNull();
  });

  it('never throws on anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        parseLscpu(text);
        parseLscpu(`{${text}`);
        parseCpuinfo(text);
        parseNvidiaSmi(text);
        parseNvidiaSmi(`<nvidia_smi_log>${text}`);
        parseOsRelease(text);
        parseLibc(text);
        parseMeminfo(text);
      }),
    );
  });
});

describe('parseNvidiaSmi', () => {
  const gpu = (inner: string): string =>
    `<nvidia_smi_log><driver_version>595.58.03</driver_version><cuda_version>N/A</cuda_version><gpu id="0">${inner}</gpu></nvidia_smi_log>`;

  it('reads the names of newer schemas', () => {
    const smi = parseNvidiaSmi(
      gpu(
        '<product_name>NVIDIA GeForce RTX 3080</product_name><fb_memory_usage><total>10240 MiB</total></fb_memory_usage>' +
          '<clocks_event_reasons><clocks_event_reason_hw_thermal_slowdown>Active</clocks_event_reason_hw_thermal_slowdown></clocks_event_reasons>' +
          '<gpu_power_readings><average_power_draw>139.62 W</average_power_draw><instant_power_draw>142.33 W</instant_power_draw>' +
          '<current_power_limit>320.00 W</current_power_limit></gpu_power_readings>',
      ),
    );
    expect(smi).toEqual({
      kind: 'gpus',
      driverVersion: '595.58.03',
      cudaVersion: null,
      gpus: [
        {
          model: 'NVIDIA GeForce RTX 3080',
          memoryMiB: 10240,
          computeCapability: '8.6',
          powerDrawWatts: 142.33,
          powerLimitWatts: 320,
          throttleReasons: ['hw_thermal_slowdown'],
        },
      ],
    });
  });

  it('adds up memory where the total is not given', () => {
    const smi = parseNvidiaSmi(
      gpu(
        '<product_name>Tesla T4</product_name><fb_memory_usage><total>N/A</total><used>1 MiB</used><free>15000 MiB</free><reserved>350 MiB</reserved></fb_memory_usage>',
      ),
    );
    expect(smi.kind === 'gpus' && smi.gpus[0]?.memoryMiB).toBe(15351);
  });

  it('gives each MIG slice its own memory', () => {
    const slice = '<mig_device><fb_memory_usage><total>19968 MiB</total></fb_memory_usage></mig_device>';
    const smi = parseNvidiaSmi(
      gpu(
        `<product_name>NVIDIA A100-SXM4-40GB</product_name><mig_devices>${slice}${slice}</mig_devices><fb_memory_usage><total>40960 MiB</total></fb_memory_usage>`,
      ),
    );
    expect(smi.kind === 'gpus' && smi.gpus.map((found) => found.memoryMiB)).toEqual([19968, 19968]);
  });

  it.each([
    ['Failed to initialize NVML: Driver/library version mismatch\n', 'DriverMismatch'],
    ['Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.54\n', 'DriverMismatch'],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
      'DriverNotRunning',
    ],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the\nNVIDIA driver. Make sure that the latest NVIDIA driver is\ninstalled and running.\n",
      'DriverNotRunning',
    ],
    ['No devices were found\n', 'NoDevices'],
    ['<nvidia_smi_log><attached_gpus>4</attached_gpus></nvidia_smi_log>', 'NoDevices'],
    ['Segmentation fault', 'Unreadable'],
    ['', 'Unreadable'],
  ])('knows what %j means', (output, code) => {
    expect(parseNvidiaSmi(output)).toMatchObject({ kind: 'unusable', code });
  });
});

describe('parseOsRelease', () => {
  it('tells CentOS Stream 8 from CentOS Linux 8', () => {
    const stream = parseOsRelease('NAME="CentOS Stream"\nVERSION="8"\nID="centos"\nVERSION_ID="8"\nPRETTY_NAME="CentOS Linux 8"\n');
    expect(stream).toEqual({ id: 'centos', versionId: '8', name: 'CentOS Stream 8' });
  });

  it('reads unquoted and single-quoted values', () => {
    expect(parseOsRelease('ID=raspbian\nVERSION_ID=\'11\'\nPRETTY_NAME="A \\"B\\""\n')).toEqual({
      id: 'raspbian',
      versionId: '11',
      name: 'A "B"',
    });
  });
});

describe('parseLibc', () => {
  it.each([
    ['ldd (GNU libc) 2.28\nCopyright', { family: 'glibc', version: '2.28' }],
    ['ldd (Ubuntu GLIBC 2.31-0ubuntu9.9) 2.31', { family: 'glibc', version: '2.31' }],
    ['ldd (Debian GLIBC 2.36-9+deb12u9) 2.36', { family: 'glibc', version: '2.36' }],
    ['glibc 2.28', { family: 'glibc', version: '2.28' }],
    ['musl libc (x86_64)\nVersion 1.2.4\nDynamic Program Loader', { family: 'musl', version: '1.2.4' }],
    ['', { family: 'unknown', version: null }],
  ])('reads %j', (text, expected) => {
    expect(parseLibc(text)).toEqual(expected);
  });
});

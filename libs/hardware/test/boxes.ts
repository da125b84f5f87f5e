import type { RawProbe } from '../src/raw-probe.js';

/** Transcripts of the three kinds of box that takt must serve, written from their published facts. Used by specs only. */

const common = {
  hostname: 'box',
  kernel: '4.18.0-348.el8.x86_64',
  disk: { totalMiB: 200_000, freeMiB: 100_000 },
  engines: { onnxruntime: '1.30.0' },
};
const centos = 'NAME="CentOS Linux"\nVERSION="8"\nID="centos"\nVERSION_ID="8"\nPRETTY_NAME="CentOS Linux 8"\n';

const x86Processors = (count: number, perSocket: number, threads: number, block: (socket: number, core: number) => string): string =>
  Array.from({ length: count * threads }, (_, index) => {
    const core = index % count;
    return `processor\t: ${String(index)}\n${block(Math.floor(core / perSocket), core % perSocket)}`;
  }).join('\n');

const ICE_LAKE_FLAGS =
  'fpu vme sse sse2 ht ssse3 fma sse4_1 sse4_2 avx f16c avx2 avx512f avx512dq avx512cd avx512bw avx512vl avx512_vbmi2 avx512_vnni avx512_bitalg';

/** Dell R750: 2 × Xeon Gold 5318Y, T4. The flags in lscpu were broken by the terminal, mid-word. */
export const edgeServer: RawProbe = {
  ...common,
  processArchitecture: 'x64',
  availableCpus: 96,
  totalMemoryBytes: 0,
  osRelease: centos,
  libc: 'ldd (GNU libc) 2.28\nCopyright (C) 2018 Free Software Foundation, Inc.\n',
  meminfo: 'MemTotal:       65640236 kB\nMemFree:        60000000 kB\n',
  cpuinfo: x86Processors(
    48,
    24,
    2,
    (socket, core) =>
      `vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\nmodel name\t: Intel(R) Xeon(R) Gold 5318Y CPU @ 2.10GHz\nstepping\t: 6\n` +
      `physical id\t: ${String(socket)}\ncore id\t\t: ${String(core)}\nflags\t\t: ${ICE_LAKE_FLAGS}\npower management:\n`,
  ),
  lscpu: [
    'Architecture:        x86_64',
    'CPU(s):              96',
    'On-line CPU(s) list: 0-95',
    'Thread(s) per core:  2',
    'Core(s) per socket:  24',
    'Socket(s):           2',
    'NUMA node(s):        2',
    'Vendor ID:           GenuineIntel',
    'CPU family:          6',
    'Model:               106',
    'Model name:          Intel(R) Xeon(R) Gold 5318Y CPU @ 2.10GHz',
    'CPU max MHz:         3400,0000',
    'CPU min MHz:         800.0000',
    'NUMA node0 CPU(s):   0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40',
    ',42,44,46,48,50,52,54,56,58,60,62,64,66,68,70,72,74,76,78,80,82,84,86,88,90,92,94',
    'Flags:               fpu vme sse sse2 ht ssse3 fma sse4_1 sse4_2 avx f16c avx2 avx512f avx512dq avx512cd avx512bw avx512vl avx512_vbmi2 avx512_',
    'vnni avx512_bitalg',
    '',
  ].join('\n'),
  nvidiaSmi: [
    '<?xml version="1.0" ?>',
    '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v11.dtd">',
    '<nvidia_smi_log>',
    '  <driver_version>510.47.03</driver_version><cuda_version>11.6</cuda_version><attached_gpus>4</attached_gpus>',
    '  <gpu id="00000000:3B:00.0">',
    '    <product_name>Tesla T4</product_name><product_architecture>Turing</product_architecture>',
    '    <mig_mode><current_mig>N/A</current_mig></mig_mode><mig_devices>None</mig_devices>',
    '    <fb_memory_usage><total>15360 MiB</total><reserved>388 MiB</reserved><used>1032 MiB</used><free>13939 MiB</free></fb_memory_usage>',
    '    <clocks_throttle_reasons><clocks_throttle_reason_sw_power_cap>Active</clocks_throttle_reason_sw_power_cap></clocks_throttle_reasons>',
    '    <power_readings><power_draw>26.58 W</power_draw><power_limit>70.00 W</power_limit></power_readings>',
    '  </gpu>',
    '</nvidia_smi_log>',
  ].join('\n'),
  pci: [{ vendor: '0x10de', device: '0x1eb8', class: '0x030200' }],
  usb: [],
};

/** Intel NUC11: i7-1165G7 with Iris Xe; lscpu as nested JSON of a newer util-linux. */
export const lowPowerEdge: RawProbe = {
  ...common,
  processArchitecture: 'x64',
  availableCpus: 8,
  totalMemoryBytes: 0,
  osRelease: centos,
  libc: 'glibc 2.28',
  meminfo: 'MemTotal:       32598000 kB\n',
  cpuinfo: x86Processors(
    4,
    4,
    2,
    (socket, core) =>
      `vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 140\nmodel name\t: 11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz\n` +
      `physical id\t: ${String(socket)}\ncore id\t\t: ${String(core)}\nflags\t\t: ${ICE_LAKE_FLAGS}\n`,
  ),
  lscpu: JSON.stringify({
    lscpu: [
      { field: 'Architecture:', data: 'x86_64', children: [{ field: 'CPU op-mode(s):', data: '32-bit, 64-bit' }] },
      { field: 'CPU(s):', data: '8' },
      {
        field: 'Vendor ID:',
        data: 'GenuineIntel',
        children: [
          {
            field: 'Model name:',
            data: '11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz',
            children: [
              { field: 'Thread(s) per core:', data: '2' },
              { field: 'Core(s) per socket:', data: '4' },
              { field: 'Socket(s):', data: '1' },
              { field: 'CPU max MHz:', data: '4700.0000' },
              { field: 'Flags:', data: ICE_LAKE_FLAGS },
            ],
          },
        ],
      },
      { field: 'NUMA:', data: null, children: [{ field: 'NUMA node(s):', data: '1' }] },
    ],
  }),
  pci: [
    { vendor: '0x8086', device: '0x9a49', class: '0x030000' },
    { vendor: '0x8086', device: '0xa0e0', class: '0x078000' },
  ],
  usb: [],
};

const A72 =
  'BogoMIPS\t: 50.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\n' +
  'CPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n';

/** Cortex-A72 board with a Movidius stick that a program has booted. */
export const acceleratorNode: RawProbe = {
  ...common,
  processArchitecture: 'arm64',
  availableCpus: 4,
  totalMemoryBytes: 0,
  osRelease: centos,
  libc: 'ldd (GNU libc) 2.28',
  meminfo: 'MemTotal:        3909000 kB\n',
  cpuinfo: `${[0, 1, 2, 3].map((n) => `processor\t: ${String(n)}\n${A72}`).join('\n')}\nHardware\t: BCM2835\nModel\t\t: Some Board`,
  lscpu:
    'Architecture:        aarch64\nCPU(s):              4\nThread(s) per core:  1\nCore(s) per socket:  2\nSocket(s):           2\nModel name:          Cortex-A72\nCPU max MHz:         1500.0000\n',
  pci: [],
  usb: [
    { vendor: '1d6b', product: '0003' },
    { vendor: '03e7', product: 'f63b' },
  ],
};

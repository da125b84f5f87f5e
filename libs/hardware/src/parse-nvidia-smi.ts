import { decimal, squeeze } from './text.js';
import { at, childrenNamed, parseXml, textAt } from './xml.js';
import type { XmlElement } from './xml.js';

export interface NvidiaGpu {
  readonly model: string;
  /** Memory an engine can get: of the MIG slice where MIG is on. MiB; readings differ by driver for one board. */
  readonly memoryMiB: number | null;
  readonly computeCapability: string | null;
  /** Watts drawn and allowed, null where the board does not measure. */
  readonly powerDrawWatts: number | null;
  readonly powerLimitWatts: number | null;
  /** Names of the reasons that hold the clock down now, e.g. `sw_power_cap`. */
  readonly throttleReasons: readonly string[];
}

export type NvidiaSmi =
  | {
      readonly kind: 'gpus';
      readonly driverVersion: string | null;
      readonly cudaVersion: string | null;
      readonly gpus: readonly NvidiaGpu[];
    }
  /** The tool ran and could not speak to the driver, or there is no board; `reason` says what to do. */
  | { readonly kind: 'unusable'; readonly code: NvidiaProblem; readonly reason: string };

export type NvidiaProblem = 'DriverMismatch' | 'DriverNotRunning' | 'NoDevices' | 'DeviceLost' | 'Unreadable';

const PROBLEMS: readonly (readonly [pattern: RegExp, code: NvidiaProblem, reason: string])[] = [
  [
    /Driver\/library version mismatch/i,
    'DriverMismatch',
    'the loaded NVIDIA kernel module and the installed driver library differ in version: restart the box, or unload and load the nvidia modules',
  ],
  [
    /couldn't communicate with the NVIDIA driver|Driver Not Loaded|NVIDIA driver is not loaded/i,
    'DriverNotRunning',
    'the NVIDIA driver is not running: install the driver for this kernel (dkms) and load the nvidia module',
  ],
  [
    /No devices were found/i,
    'NoDevices',
    'the NVIDIA driver runs but finds no board: check that the board is seated and powered (lspci), then the kernel log',
  ],
  [
    /GPU is lost|Unable to determine the device handle/i,
    'DeviceLost',
    'an NVIDIA board stopped answering: restart the box and check its power and cooling',
  ],
];

/** Reads `nvidia-smi -q -x` (schemas v10–v13), or the text it prints instead when it fails. Never throws. */
export function parseNvidiaSmi(output: string): NvidiaSmi {
  const log = output.includes('<nvidia_smi_log') ? parseXml(output) : undefined;
  const found = childrenNamed(log, 'gpu');
  // `attached_gpus` counts boards that a container may not see; only the elements count.
  if (log !== undefined && found.length > 0) {
    return {
      kind: 'gpus',
      driverVersion: textAt(log, 'driver_version') ?? null,
      cudaVersion: textAt(log, 'cuda_version') ?? null,
      gpus: found.flatMap(gpusOf),
    };
  }
  // Messages may be wrapped by the terminal, or carry a second line with the library's version.
  const text = squeeze(output);
  const problem = PROBLEMS.find(([pattern]) => pattern.test(text));
  if (problem !== undefined) return { kind: 'unusable', code: problem[1], reason: problem[2] };
  if (log !== undefined)
    return { kind: 'unusable', code: 'NoDevices', reason: 'nvidia-smi lists no board: check lspci, then the kernel log' };
  return { kind: 'unusable', code: 'Unreadable', reason: `nvidia-smi said something else: "${text.slice(0, 200)}"` };
}

function gpusOf(gpu: XmlElement): NvidiaGpu[] {
  const model = textAt(gpu, 'product_name') ?? 'NVIDIA GPU';
  const power = at(gpu, 'gpu_power_readings') ?? at(gpu, 'power_readings');
  const whole: NvidiaGpu = {
    model,
    memoryMiB: memoryOf(at(gpu, 'fb_memory_usage')),
    computeCapability: computeCapabilityOf(model, textAt(gpu, 'product_architecture')),
    powerDrawWatts: decimal(textAt(power, 'power_draw') ?? textAt(power, 'instant_power_draw') ?? textAt(power, 'average_power_draw')),
    powerLimitWatts: decimal(textAt(power, 'power_limit') ?? textAt(power, 'current_power_limit') ?? textAt(power, 'enforced_power_limit')),
    throttleReasons: throttleReasonsOf(at(gpu, 'clocks_event_reasons') ?? at(gpu, 'clocks_throttle_reasons')),
  };
  const slices = childrenNamed(at(gpu, 'mig_devices'), 'mig_device');
  return slices.length === 0
    ? [whole]
    : slices.map((slice) => ({ ...whole, model: `${model} MIG slice`, memoryMiB: memoryOf(at(slice, 'fb_memory_usage')) }));
}

function memoryOf(usage: XmlElement | undefined): number | null {
  const total = decimal(textAt(usage, 'total'));
  if (total !== null) return total;
  const parts = ['used', 'free', 'reserved'].map((name) => decimal(textAt(usage, name))).filter((value): value is number => value !== null);
  return parts.length < 2 ? null : parts.reduce((sum, value) => sum + value, 0);
}

function throttleReasonsOf(reasons: XmlElement | undefined): string[] {
  return (reasons?.children ?? [])
    .filter((reason) => reason.text.trim() === 'Active')
    .map((reason) => reason.name.replace(/^clocks_(?:throttle|event)_reason_/, ''))
    .sort();
}

/** By architecture where it fixes the capability, by product where one architecture spans several. */
function computeCapabilityOf(model: string, architecture: string | undefined): string | null {
  const products: readonly (readonly [RegExp, string])[] = [
    [/\bT4\b|\bRTX 20\d\d|\bGTX 16\d\d|Quadro RTX/i, '7.5'],
    [/\bA100\b|\bA30\b/i, '8.0'],
    [/\bA10G?\b|\bA2\b|\bA16\b|\bA40\b|\bRTX 30\d\d|\bRTX A\d000/i, '8.6'],
    [/\bL4\b|\bL40S?\b|\bRTX 40\d\d/i, '8.9'],
    [/\bH100\b|\bH200\b|\bGH200\b/i, '9.0'],
    [/\bV100\b/i, '7.0'],
    [/\bP100\b/i, '6.0'],
    [/\bP4\b|\bP40\b|\bGTX 10\d\d/i, '6.1'],
  ];
  const byProduct = products.find(([pattern]) => pattern.test(model))?.[1];
  if (byProduct !== undefined) return byProduct;
  const architectures: Readonly<Record<string, string>> = { Turing: '7.5', 'Ada Lovelace': '8.9', Hopper: '9.0' };
  return architectures[architecture ?? ''] ?? null;
}

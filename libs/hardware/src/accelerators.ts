import type { AcceleratorFacts } from './facts.js';
import { parseNvidiaSmi } from './parse-nvidia-smi.js';
import type { PciDevice, RawProbe, UsbDevice } from './raw-probe.js';

/** Accelerators of a box and whether an engine on it could use each of them now. */
export function acceleratorsOf(raw: Pick<RawProbe, 'nvidiaSmi' | 'pci' | 'usb' | 'engines'>): AcceleratorFacts[] {
  return [...nvidiaGpus(raw), ...intelGpus(raw), ...myriadSticks(raw)];
}

const id = (text: string): number => Number.parseInt(text.replace(/^0x/i, ''), 16);
const isDisplay = (device: PciDevice): boolean => id(device.class) >> 16 === 0x03;

function nvidiaGpus(raw: Pick<RawProbe, 'nvidiaSmi' | 'pci' | 'engines'>): AcceleratorFacts[] {
  const boards = raw.pci.filter((device) => id(device.vendor) === 0x10de && isDisplay(device));
  const unusable = (reason: string): AcceleratorFacts[] =>
    boards.map((board) => ({ ...nvidia(nvidiaBoardName(board)), usable: false, reason }));
  if (raw.nvidiaSmi === undefined)
    return unusable('no NVIDIA driver is installed (there is no nvidia-smi): install the driver for this kernel');
  const smi = parseNvidiaSmi(raw.nvidiaSmi);
  if (smi.kind === 'unusable') {
    // A board that the bus does not show either is simply not there; the tool alone proves nothing.
    return boards.length === 0 && smi.code !== 'NoDevices' && smi.code !== 'Unreadable'
      ? [{ ...nvidia('NVIDIA GPU'), usable: false, reason: smi.reason }]
      : unusable(smi.reason);
  }
  const engine = 'tensorrt' in raw.engines;
  return smi.gpus.map((gpu) => ({
    kind: 'nvidia-gpu',
    model: gpu.model,
    memoryMiB: gpu.memoryMiB,
    driverVersion: smi.driverVersion,
    computeCapability: gpu.computeCapability,
    usable: engine,
    reason: engine ? null : 'the driver works, but takt has no engine on this box that uses the board; lines are served by the CPU',
  }));
}

const nvidia = (model: string): Omit<AcceleratorFacts, 'usable' | 'reason'> => ({
  kind: 'nvidia-gpu',
  model,
  memoryMiB: null,
  driverVersion: null,
  computeCapability: null,
});

const nvidiaBoardName = (board: PciDevice): string => (id(board.device) === 0x1eb8 ? 'Tesla T4' : `NVIDIA GPU 10de:${hex(board.device)}`);

const hex = (text: string): string => id(text).toString(16).padStart(4, '0');

/** Intel graphics by PCI device id; the rest is named by its id. */
const INTEL_GRAPHICS: Readonly<Record<number, string>> = {
  0x9a40: 'Iris Xe',
  0x9a49: 'Iris Xe',
  0x46a6: 'Iris Xe',
  0x46a8: 'Iris Xe',
  0xa7a0: 'Iris Xe',
  0xa7a1: 'Iris Xe',
  0x9a60: 'UHD Graphics',
  0x46d1: 'UHD Graphics',
  0x7d55: 'Arc Graphics',
};

function intelGpus(raw: Pick<RawProbe, 'pci' | 'engines'>): AcceleratorFacts[] {
  const engine = 'openvino' in raw.engines;
  return raw.pci
    .filter((device) => id(device.vendor) === 0x8086 && isDisplay(device))
    .map((device) => ({
      kind: 'intel-gpu',
      model: INTEL_GRAPHICS[id(device.device)] ?? `Intel graphics 8086:${hex(device.device)}`,
      memoryMiB: null,
      driverVersion: null,
      computeCapability: null,
      usable: engine,
      reason: engine ? null : 'takt has no engine on this box that uses the graphics unit; lines are served by the CPU',
    }));
}

/** Ids before a program boots the stick and after; other Myriad X devices carry the same ones. */
const MYRIAD_PRODUCTS = new Set([0x2485, 0xf63b]);

function myriadSticks(raw: { readonly usb: readonly UsbDevice[]; readonly engines: RawProbe['engines'] }): AcceleratorFacts[] {
  const engine = 'openvino' in raw.engines;
  return raw.usb
    .filter((device) => id(device.vendor) === 0x03e7 && MYRIAD_PRODUCTS.has(id(device.product)))
    .map(() => ({
      kind: 'myriad',
      model: 'Movidius Myriad X',
      memoryMiB: null,
      driverVersion: null,
      computeCapability: null,
      usable: engine,
      reason: engine ? null : 'takt has no engine on this box that uses the stick; lines are served by the CPU',
    }));
}

import { readFile, readdir, statfs } from 'node:fs/promises';
import { availableParallelism, hostname, release, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { PciDevice, RawProbe, UsbDevice } from '@takt/hardware';
import { execa } from 'execa';
import { findEngines } from './find-engines.js';

/** Longest time one external tool may take, ms. A driver that hangs must not hang the probe. */
const TOOL_DEADLINE_MS = 10_000;

export interface ProbeOptions {
  /** Folder whose file system is measured; its nearest existing parent where it does not exist yet. */
  readonly dataDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** Reads everything that facts are made from. What a box does not have is left out; nothing here fails for it. */
export async function readBox({ dataDir, signal }: ProbeOptions): Promise<RawProbe> {
  const [cpuinfo, lscpu, osRelease, meminfo, libc, nvidiaSmi, pci, usb, disk, engines, system] = await Promise.all([
    textOf('/proc/cpuinfo'),
    toolOutput('lscpu', ['-J'], signal).then((json) => json ?? toolOutput('lscpu', [], signal)),
    textOf('/etc/os-release').then((text) => text ?? textOf('/usr/lib/os-release')),
    textOf('/proc/meminfo'),
    libcText(signal),
    toolOutput('nvidia-smi', ['-q', '-x'], signal, true),
    pciDevices('/sys/bus/pci/devices'),
    usbDevices('/sys/bus/usb/devices'),
    diskOf(dataDir),
    findEngines(),
    systemFacts(),
  ]);
  return {
    ...system,
    processArchitecture: process.arch,
    availableCpus: availableParallelism(),
    cpuinfo,
    lscpu,
    osRelease,
    meminfo,
    libc,
    nvidiaSmi,
    pci,
    usb,
    disk,
    engines,
  };
}

/** Host name, kernel and memory as systeminformation reports them, or as Node.js does where it cannot. */
async function systemFacts(): Promise<Pick<RawProbe, 'hostname' | 'kernel' | 'totalMemoryBytes'>> {
  const fallback = { hostname: hostname(), kernel: release(), totalMemoryBytes: totalmem() };
  try {
    // Loaded here because it costs more memory than the rest of the probe together.
    const { mem, osInfo } = await import('systeminformation');
    const [os, memory] = await Promise.all([osInfo(), mem()]);
    return {
      hostname: os.hostname === '' ? fallback.hostname : os.hostname,
      kernel: os.kernel === '' ? fallback.kernel : os.kernel,
      totalMemoryBytes: memory.total > 0 ? memory.total : fallback.totalMemoryBytes,
    };
  } catch {
    return fallback;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/**
 * What a tool printed, in the C locale; undefined where the tool is missing or hangs.
 *
 * @param evenIfItFails keeps the text of a tool that says on stdout why it failed
 */
async function toolOutput(
  tool: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
  evenIfItFails = false,
): Promise<string | undefined> {
  const result = await execa(tool, args, {
    reject: false,
    all: true,
    timeout: TOOL_DEADLINE_MS,
    killSignal: 'SIGKILL',
    stdin: 'ignore',
    env: { LC_ALL: 'C', LANG: 'C' },
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (signal?.aborted === true) throw signal.reason;
  if (result.timedOut) return evenIfItFails ? `${tool} did not answer within ${String(TOOL_DEADLINE_MS / 1000)} s` : undefined;
  if (result.exitCode === undefined) return undefined;
  if (result.exitCode !== 0) return evenIfItFails ? result.all : undefined;
  return result.stdout;
}

async function libcText(signal: AbortSignal | undefined): Promise<string | undefined> {
  const report = process.report as unknown as { excludeNetwork: boolean; getReport(): unknown } | undefined;
  if (report !== undefined) {
    const before = report.excludeNetwork;
    report.excludeNetwork = true;
    const { header } = report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };
    report.excludeNetwork = before;
    if (header?.glibcVersionRuntime !== undefined) return `glibc ${header.glibcVersionRuntime}`;
  }
  return toolOutput('ldd', ['--version'], signal, true);
}

/** Reads one-line files of every device folder under a bus; devices that lack one are left out. */
async function busDevices(bus: string, names: readonly string[]): Promise<string[][]> {
  const devices = await readdir(bus).catch((): string[] => []);
  const read = await Promise.all(devices.map((device) => Promise.all(names.map((name) => textOf(join(bus, device, name))))));
  return read
    .filter((values): values is string[] => values.every((value) => value !== undefined))
    .map((values) => values.map((value) => value.trim()));
}

const pciDevices = async (bus: string): Promise<PciDevice[]> =>
  (await busDevices(bus, ['vendor', 'device', 'class'])).map(([vendor = '', device = '', kind = '']) => ({ vendor, device, class: kind }));

const usbDevices = async (bus: string): Promise<UsbDevice[]> =>
  (await busDevices(bus, ['idVendor', 'idProduct'])).map(([vendor = '', product = '']) => ({ vendor, product }));

async function diskOf(dataDir: string): Promise<RawProbe['disk']> {
  for (let folder = resolve(dataDir); ; folder = dirname(folder)) {
    const stats = await statfs(folder).catch(() => undefined);
    if (stats !== undefined) {
      const mib = (blocks: number): number => Math.floor((blocks * stats.bsize) / 1_048_576);
      return { totalMiB: mib(stats.blocks), freeMiB: mib(stats.bavail) };
    }
    if (folder === dirname(folder)) return { totalMiB: 0, freeMiB: 0 };
  }
}

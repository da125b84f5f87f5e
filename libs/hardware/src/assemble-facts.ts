import { acceleratorsOf } from './accelerators.js';
import { armCoreRank } from './arm-cores.js';
import type { CpuFacts, HardwareFacts } from './facts.js';
import { architectureOf, architectureOfFlags, int8DotProductOf, normaliseIsa } from './isa.js';
import { parseCpuinfo } from './parse-cpuinfo.js';
import { parseLscpu } from './parse-lscpu.js';
import { parseLibc, parseMeminfo, parseOsRelease } from './parse-os.js';
import type { RawProbe } from './raw-probe.js';

/** Turns what a probe read into facts. Pure: equal text gives equal facts. */
export function assembleFacts(raw: RawProbe): HardwareFacts {
  const memoryMiB = parseMeminfo(raw.meminfo ?? '') ?? Math.round(raw.totalMemoryBytes / 1_048_576);
  const os = parseOsRelease(raw.osRelease ?? '');
  return {
    hostname: raw.hostname,
    cpu: cpuFacts(raw),
    memoryMiB: Math.max(1, memoryMiB),
    accelerators: acceleratorsOf(raw),
    os: { ...os, kernel: raw.kernel },
    libc: parseLibc(raw.libc ?? ''),
    disk: raw.disk,
    engines: raw.engines,
  };
}

/** CPU facts out of /proc/cpuinfo (flags, names) and lscpu (topology). */
export function cpuFacts(raw: Pick<RawProbe, 'cpuinfo' | 'lscpu' | 'processArchitecture' | 'availableCpus'>): CpuFacts {
  const cpuinfo = parseCpuinfo(raw.cpuinfo ?? '');
  const lscpu = parseLscpu(raw.lscpu ?? '');
  const flags = cpuinfo.flags.size > 0 ? cpuinfo.flags : lscpu.flags;
  const isa = normaliseIsa(flags);
  // A 64-bit kernel may run a 32-bit userland: engines are loaded into the process, so its own architecture counts.
  const architecture =
    architectureOf(raw.processArchitecture) ?? architectureOf(lscpu.architecture ?? undefined) ?? architectureOfFlags(flags) ?? 'x64';
  const present = atLeastOne(cpuinfo.logicalCores || (lscpu.logicalCores ?? raw.availableCpus));
  const logicalCores = raw.availableCpus > 0 ? Math.min(present, raw.availableCpus) : present;
  const numaNodes = atLeastOne(lscpu.numaNodes ?? 1);
  const physicalPresent = lscpu.physicalCores ?? cpuinfo.physicalCores ?? present;
  // Under a CPU limit the threads per core stay what they are.
  const physicalCores = Math.ceil((Math.min(physicalPresent, present) * logicalCores) / present);
  return {
    vendor: cpuinfo.vendor ?? lscpu.vendor ?? 'unknown',
    model: modelName(cpuinfo.models, lscpu.models),
    architecture,
    isa,
    int8DotProduct: int8DotProductOf(isa),
    sockets: socketsOf(architecture, lscpu.sockets ?? cpuinfo.sockets, numaNodes),
    physicalCores: atLeastOne(physicalCores),
    logicalCores,
    numaNodes,
    maxMhz: lscpu.maxMhz,
  };
}

const atLeastOne = (value: number): number => Math.max(1, Math.floor(value));

/** Old lscpu counts the clusters of an Arm chip as sockets: there, sockets never exceed the memory nodes. */
const socketsOf = (architecture: CpuFacts['architecture'], sockets: number | null, numaNodes: number): number =>
  architecture === 'x64' ? atLeastOne(sockets ?? 1) : Math.min(atLeastOne(sockets ?? 1), numaNodes);

/** `Cortex-A72 + Cortex-A53`: fastest kind first. Names with "rev" say only the architecture version. */
function modelName(fromCpuinfo: readonly string[], fromLscpu: readonly string[]): string {
  const named = fromCpuinfo.length > 0 ? fromCpuinfo : fromLscpu;
  const better = named.every((name) => /^ARMv\d/.test(name)) && fromLscpu.length > 0 ? fromLscpu : named;
  return better.length === 0 ? 'unknown' : [...better].sort((a, b) => armCoreRank(b) - armCoreRank(a)).join(' + ');
}

import type { NodeView, WorkerResult } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { formatBytes, NONE } from './figures.js';
import { renderPairs } from './table.js';

type Facts = NonNullable<NodeView['facts']>;
type Probe = Extract<WorkerResult, { kind: 'probe' }>;

const MIB = 1024 * 1024;

const acceleratorWords = (accelerators: Facts['accelerators']): string =>
  accelerators
    .map(
      (item) =>
        `${item.model}${item.memoryMiB === null ? '' : `, ${formatBytes(item.memoryMiB * MIB)}`}${item.usable ? '' : ` (not usable: ${item.reason ?? 'unknown'})`}`,
    )
    .join('; ') || 'none';

export function hardwarePairs(facts: Facts): [name: string, value: string][] {
  const { cpu } = facts;
  return [
    [
      'CPU',
      `${cpu.model} (${cpu.architecture}), ${String(cpu.physicalCores)} cores, ${String(cpu.logicalCores)} threads, ${String(cpu.numaNodes)} NUMA`,
    ],
    ['INT8 dot product', cpu.int8DotProduct],
    ['Instruction sets', cpu.isa.join(' ')],
    ['Memory', formatBytes(facts.memoryMiB * MIB)],
    ['Disk', `${formatBytes(facts.disk.freeMiB * MIB)} free of ${formatBytes(facts.disk.totalMiB * MIB)}`],
    ['Accelerators', acceleratorWords(facts.accelerators)],
    ['System', `${facts.os.name}, kernel ${facts.os.kernel}, ${facts.libc.family} ${facts.libc.version ?? ''}`.trimEnd()],
    [
      'Engines',
      Object.entries(facts.engines)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || NONE,
    ],
  ];
}

export const renderProbe = (probe: Omit<Probe, 'kind'>, style: Style): string =>
  renderPairs(
    [
      ['Host', probe.facts.hostname],
      ['Profile', `${probe.profile.name}: ${probe.profile.summary}`],
      ['Fingerprint', probe.fingerprint],
      ...hardwarePairs(probe.facts),
    ],
    style,
  );

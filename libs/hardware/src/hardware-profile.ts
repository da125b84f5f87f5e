import type { AcceleratorFacts, CpuFacts, HardwareFacts, HardwareProfile } from './facts.js';

/**
 * Class of a box: architecture and instruction set, physical cores, accelerators, e.g. `x64-avx512-vnni-48c-t4`,
 * `x64-avx2-4c-iris-xe`, `arm64-a72-4c-myriad`. Boxes of one profile are compared with each other; a build is shared
 * only between boxes of one fingerprint.
 */
export function hardwareProfile(facts: Pick<HardwareFacts, 'cpu' | 'accelerators' | 'memoryMiB'>): HardwareProfile {
  const { cpu, accelerators } = facts;
  const kinds = [...new Set(accelerators.map(acceleratorSlug))].sort();
  return {
    name: [cpu.architecture, cpuClass(cpu), `${String(cpu.physicalCores)}c`, ...kinds].join('-'),
    summary: summaryOf(facts),
  };
}

function cpuClass(cpu: CpuFacts): string {
  if (cpu.architecture !== 'x64') return slug((cpu.model.split(' + ')[0] ?? cpu.model).replace(/^Cortex-/i, ''));
  if (cpu.int8DotProduct !== 'none') return cpu.int8DotProduct;
  return (['avx512f', 'avx2', 'avx'] as const).find((name) => cpu.isa.includes(name))?.replace('avx512f', 'avx512') ?? 'sse';
}

function acceleratorSlug(accelerator: AcceleratorFacts): string {
  if (accelerator.kind === 'myriad') return 'myriad';
  return slug(accelerator.model.replace(/^(?:NVIDIA\s+)?(?:Tesla\s+|GeForce\s+)?/i, ''));
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'unknown';

const INT8_WORDS: Readonly<Record<CpuFacts['int8DotProduct'], string>> = {
  'avx512-vnni': 'INT8 dot product (AVX512-VNNI)',
  'avx-vnni': 'INT8 dot product (AVX-VNNI)',
  'neon-dotprod': 'INT8 dot product (NEON)',
  none: 'no INT8 dot product',
};

function summaryOf({ cpu, accelerators, memoryMiB }: Pick<HardwareFacts, 'cpu' | 'accelerators' | 'memoryMiB'>): string {
  const cores = `${String(cpu.physicalCores)} core${cpu.physicalCores === 1 ? '' : 's'}, ${String(cpu.logicalCores)} threads`;
  const boards = accelerators.map((accelerator) => (accelerator.usable ? accelerator.model : `${accelerator.model} (not usable)`));
  return [cpu.model, cores, INT8_WORDS[cpu.int8DotProduct], `${(memoryMiB / 1024).toFixed(1)} GiB`, ...boards].join(', ');
}

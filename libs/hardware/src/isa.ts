import type { Int8DotProduct } from './facts.js';

/** Flag names under which kernels, lscpu and others report one instruction set. */
const ALIASES: Readonly<Record<string, string>> = {
  avx512vnni: 'avx512_vnni',
  avx512bf16: 'avx512_bf16',
  avx512fp16: 'avx512_fp16',
  avxvnni: 'avx_vnni',
  avxvnniint8: 'avx_vnni_int8',
};

/** Instruction sets that change which kernels an engine picks; everything else a CPU lists is left out. */
const RELEVANT = new Set([
  ...['sse4_1', 'sse4_2', 'avx', 'f16c', 'fma', 'avx2', 'avx_vnni', 'avx_vnni_int8'],
  ...['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl', 'avx512_vnni', 'avx512_bf16', 'avx512_fp16'],
  ...['amx_tile', 'amx_int8', 'amx_bf16'],
  ...['neon', 'asimd', 'fphp', 'asimdhp', 'asimddp', 'i8mm', 'bf16', 'sve', 'sve2'],
]);

/** Normalised, sorted instruction sets out of raw flag names. */
export function normaliseIsa(flags: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const flag of flags) {
    const lower = flag.toLowerCase();
    const name = ALIASES[lower] ?? lower;
    if (RELEVANT.has(name)) names.add(name);
  }
  return [...names].sort();
}

/** The instruction that multiplies and adds 8-bit integers in 32-bit accumulators, if the CPU has one. */
export function int8DotProductOf(isa: readonly string[]): Int8DotProduct {
  if (isa.includes('avx512_vnni')) return 'avx512-vnni';
  if (isa.includes('avx_vnni')) return 'avx-vnni';
  if (isa.includes('asimddp')) return 'neon-dotprod';
  return 'none';
}

/** Architecture from `uname -m` style names; undefined where the name says nothing. */
export function architectureOf(machine: string | undefined): 'x64' | 'arm64' | 'arm' | undefined {
  const name = machine?.trim().toLowerCase();
  if (name === undefined || name === '') return undefined;
  if (name === 'x64' || name === 'x86_64' || name === 'amd64' || /^i[3-6]86$/.test(name)) return 'x64';
  if (name === 'arm64' || name === 'aarch64') return 'arm64';
  if (name.startsWith('arm')) return 'arm';
  return undefined;
}

/** Architecture from what only one of them lists among its flags. */
export function architectureOfFlags(flags: ReadonlySet<string>): 'x64' | 'arm64' | 'arm' | undefined {
  if (flags.has('fpu') || flags.has('sse2')) return 'x64';
  if (flags.has('asimd')) return 'arm64';
  if (flags.has('neon') || flags.has('vfpv3') || flags.has('vfpv4')) return 'arm';
  return undefined;
}

/** Flags that every core has: work moves between cores, so an engine may use only these. */
export function commonFlags(sets: readonly ReadonlySet<string>[]): Set<string> {
  const [first, ...rest] = sets.filter((set) => set.size > 0);
  if (first === undefined) return new Set();
  return new Set([...first].filter((flag) => rest.every((set) => set.has(flag))));
}

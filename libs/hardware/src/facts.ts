/** Instruction sets that decide which artifact is right. `none` means INT8 gains little or nothing on this CPU. */
export type Int8DotProduct = 'avx512-vnni' | 'avx-vnni' | 'neon-dotprod' | 'none';

export interface CpuFacts {
  readonly vendor: string;
  readonly model: string;
  readonly architecture: 'x64' | 'arm64' | 'arm';
  /** Normalised lower-case flag names that matter to an engine, sorted (`avx2`, `avx512_vnni`, `asimddp`, …). */
  readonly isa: readonly string[];
  readonly int8DotProduct: Int8DotProduct;
  readonly sockets: number;
  readonly physicalCores: number;
  readonly logicalCores: number;
  readonly numaNodes: number;
  /** MHz, null where the box does not say. */
  readonly maxMhz: number | null;
}

export interface AcceleratorFacts {
  readonly kind: 'nvidia-gpu' | 'intel-gpu' | 'myriad';
  readonly model: string;
  readonly memoryMiB: number | null;
  readonly driverVersion: string | null;
  readonly computeCapability: string | null;
  /** Whether an engine could use it now; `reason` says why not, in words an operator can act on. */
  readonly usable: boolean;
  readonly reason: string | null;
}

export interface HardwareFacts {
  readonly hostname: string;
  readonly cpu: CpuFacts;
  readonly memoryMiB: number;
  readonly accelerators: readonly AcceleratorFacts[];
  readonly os: { readonly id: string; readonly versionId: string; readonly name: string; readonly kernel: string };
  readonly libc: { readonly family: 'glibc' | 'musl' | 'unknown'; readonly version: string | null };
  /** Free and total space of the file system that holds the data folder. Not part of the fingerprint. */
  readonly disk: { readonly totalMiB: number; readonly freeMiB: number };
  /** Engine libraries found on the box: name to version. */
  readonly engines: Readonly<Record<string, string>>;
}

/** Class of boxes with equal capability, e.g. `x64-avx512-vnni-2c`. */
export interface HardwareProfile {
  readonly name: string;
  readonly summary: string;
}

import type { AcceleratorFacts, CpuFacts, HardwareFacts, HardwareProfile } from '@takt/hardware';
import { z } from 'zod';

export const cpuFactsSchema = z.object({
  vendor: z.string(),
  model: z.string(),
  architecture: z.enum(['x64', 'arm64', 'arm']),
  isa: z.array(z.string()),
  int8DotProduct: z.enum(['avx512-vnni', 'avx-vnni', 'neon-dotprod', 'none']),
  sockets: z.int().positive(),
  physicalCores: z.int().positive(),
  logicalCores: z.int().positive(),
  numaNodes: z.int().positive(),
  maxMhz: z.number().nullable(),
}) satisfies z.ZodType<CpuFacts>;

export const acceleratorFactsSchema = z.object({
  kind: z.enum(['nvidia-gpu', 'intel-gpu', 'myriad']),
  model: z.string(),
  memoryMiB: z.number().nullable(),
  driverVersion: z.string().nullable(),
  computeCapability: z.string().nullable(),
  usable: z.boolean(),
  reason: z.string().nullable(),
}) satisfies z.ZodType<AcceleratorFacts>;

export const hardwareFactsSchema = z.object({
  hostname: z.string(),
  cpu: cpuFactsSchema,
  memoryMiB: z.number().positive(),
  accelerators: z.array(acceleratorFactsSchema),
  os: z.object({ id: z.string(), versionId: z.string(), name: z.string(), kernel: z.string() }),
  libc: z.object({ family: z.enum(['glibc', 'musl', 'unknown']), version: z.string().nullable() }),
  disk: z.object({ totalMiB: z.number(), freeMiB: z.number() }),
  engines: z.record(z.string(), z.string()),
}) satisfies z.ZodType<HardwareFacts>;

export const hardwareProfileSchema = z.object({
  name: z.string(),
  summary: z.string(),
}) satisfies z.ZodType<HardwareProfile>;

import { canonicalJson } from '@takt/kernel';
import type { Sha256 } from '@takt/kernel';
import type { HardwareFacts } from './facts.js';

/**
 * Hash of what an engine build depends on: CPU, accelerators with their drivers, engine libraries, libc. Host name, disk
 * and memory are left out, so equal boxes share builds; a new driver or engine version asks for a new one.
 * Form: `fp1-` and 32 hex digits; the digit names this list of inputs.
 */
export function fingerprint(facts: HardwareFacts, sha256: Sha256): string {
  const { cpu } = facts;
  const inputs = canonicalJson({
    cpu: {
      model: cpu.model,
      architecture: cpu.architecture,
      isa: [...cpu.isa].sort(),
      sockets: cpu.sockets,
      physicalCores: cpu.physicalCores,
      logicalCores: cpu.logicalCores,
      numaNodes: cpu.numaNodes,
    },
    accelerators: facts.accelerators
      .map(({ kind, model, driverVersion, computeCapability }) => canonicalJson({ kind, model, driverVersion, computeCapability }))
      .sort(),
    engines: { ...facts.engines },
    libc: { family: facts.libc.family, version: facts.libc.version },
  });
  return `fp1-${sha256(inputs).slice(0, 32)}`;
}

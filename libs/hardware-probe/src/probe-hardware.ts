import { createHash } from 'node:crypto';
import { assembleFacts, fingerprint, hardwareProfile } from '@takt/hardware';
import type { HardwareFacts, HardwareProfile } from '@takt/hardware';
import { readBox } from './read-box.js';
import type { ProbeOptions } from './read-box.js';

export interface ProbedHardware {
  readonly facts: HardwareFacts;
  readonly profile: HardwareProfile;
  /** Hash of what an engine build depends on. */
  readonly fingerprint: string;
}

/** Reads the box and says what it is. Never fails for something the box lacks; rejects only when `signal` is aborted. */
export async function probeHardware(options: ProbeOptions): Promise<ProbedHardware> {
  const facts = assembleFacts(await readBox(options));
  return {
    facts,
    profile: hardwareProfile(facts),
    fingerprint: fingerprint(facts, (content) => createHash('sha256').update(content).digest('hex')),
  };
}

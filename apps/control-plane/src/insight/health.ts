import type { HealthView } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import { VERSION } from '../version.js';
import { HealthProbe } from './health-probe.js';
import type { Check } from './health-probe.js';

/** How the control plane and its parts are. Answers within its deadline whatever is stuck; never `ok` on what is not known. */
export class Health {
  readonly #probes: readonly HealthProbe[];

  constructor(
    checks: readonly Check[],
    clock: Clock,
    private readonly deadlineMs: number,
  ) {
    this.#probes = checks.map((check) => new HealthProbe(check, clock));
  }

  async execute(): Promise<HealthView> {
    const checks = await Promise.all(this.#probes.map((probe) => probe.ask(this.deadlineMs)));
    return { status: checks.every((check) => check.status === 'ok') ? 'ok' : 'degraded', version: VERSION, checks };
  }
}

import type { DeploymentId } from '@takt/kernel';

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 30_000;
/** A refused artifact changes only when somebody puts the file right. */
const REFUSAL_DELAY_MS = 30_000;
/** A host that lived this long starts with the shortest delay again. */
const STABLE_MS = 60_000;

/** How long to wait before a lost engine is started again: doubling from 0.2 s to 30 s while it keeps crashing. */
export class Restarts {
  readonly #monotonic: () => number;
  readonly #losses = new Map<DeploymentId, { count: number; readyAt: number | undefined }>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  ready(deploymentId: DeploymentId): void {
    this.#losses.set(deploymentId, { count: this.#losses.get(deploymentId)?.count ?? 0, readyAt: this.#monotonic() });
  }

  lost(deploymentId: DeploymentId): void {
    const known = this.#losses.get(deploymentId);
    const wasStable = known?.readyAt !== undefined && this.#monotonic() - known.readyAt >= STABLE_MS;
    this.#losses.set(deploymentId, { count: wasStable ? 1 : (known?.count ?? 0) + 1, readyAt: undefined });
  }

  delayMs(deploymentId: DeploymentId, after: 'now' | 'crash' | 'refusal'): number {
    if (after === 'now') return 0;
    if (after === 'refusal') return REFUSAL_DELAY_MS;
    const count = this.#losses.get(deploymentId)?.count ?? 1;
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, count - 1));
  }
}

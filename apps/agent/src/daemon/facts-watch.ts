import { setTimeout as sleep } from 'node:timers/promises';
import { LogField } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import type { ReportBody } from '@takt/contracts';
import { factsDigest } from '../state/reporter.js';
import type { Reporter } from '../state/reporter.js';
import type { WorkerLauncher } from './worker-launcher.js';

/** Time between two probes of the box, ms: a driver may be updated under a running agent. */
const PROBE_EVERY_MS = 15 * 60_000;
const RETRY_MS = 5_000;

export interface FactsWatchDeps {
  readonly worker: WorkerLauncher;
  readonly reporter: Reporter;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly agentVersion: string;
  readonly onFingerprint: (fingerprint: string) => void;
}

/** Probes the box in a worker (the probe needs more memory than this agent may keep) and reports what changed. */
export async function watchFacts(deps: FactsWatchDeps, signal: AbortSignal): Promise<void> {
  const { worker, reporter, logger, dataDir, agentVersion, onFingerprint } = deps;
  while (!signal.aborted) {
    let pause = PROBE_EVERY_MS;
    try {
      const { facts, profile, fingerprint } = await worker.run({ kind: 'probe', dataDir }, signal);
      const body: Extract<ReportBody, { kind: 'facts' }> = { kind: 'facts', facts, profile, fingerprint, agentVersion };
      if (factsDigest(body) !== reporter.ledger.facts) await reporter.report(body);
      onFingerprint(fingerprint);
    } catch (thrown) {
      if (signal.aborted) return;
      logger.warn('the box could not be probed', { [LogField.error]: thrown });
      pause = RETRY_MS;
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

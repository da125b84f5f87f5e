import { assessAttempts, buildHealthReport, notMeasured } from '@takt/gates';
import { giveUpCandidate } from './give-up.js';
import type { ActivationRecord } from './record.js';

/**
 * What a start of the runtime finds: a candidate that was loaded when the last runtime ended without saying so (killed, crashed,
 * power cut) has used an attempt, and is given up when it has none left: as not measured where its own process never ended, because
 * then nothing speaks against it. Applying it twice changes nothing more, so the runtime
 * applies it too, for the case that nobody ran `takt-activate`.
 */
export function prepareStart(record: ActivationRecord, at: string, requiredFps: number): ActivationRecord {
  const { candidate } = record;
  if (candidate?.running !== true) return record;
  const attempts = candidate.attempts + 1;
  const finding = assessAttempts(attempts, candidate.activation.health);
  if (finding.held) return { ...record, candidate: { ...candidate, attempts, running: false, phase: 'warming' } };
  const unseen = notMeasured(`the runtime ended ${String(attempts - 1)} times before the check was done`, 0);
  const report = buildHealthReport({
    previous: [],
    candidate: [],
    deliveredFps: null,
    requiredFps,
    errors: 0,
    framesDropped: 0,
    findings: candidate.hostLosses === 0 ? [unseen, finding] : [finding],
    durationMs: candidate.elapsedMs,
    rollbackMs: null,
  });
  return giveUpCandidate(record, { by: 'health', report }, at);
}

import type { GateReport } from '@takt/gates';
import { markRevert } from './move-members.js';
import type { RolloutGate } from './rollout-state.js';
import { RolloutPhase } from './rollout-state.js';
import { changed, told } from './rollout-step.js';
import type { Draft, MeasuredGate } from './rollout-step.js';
import { currentWaveOf, gateOf } from './wave-questions.js';

/** Takes the reports of gates that were measured just now: notes them, lets pass, takes a profile back, or holds. */
export function decideGates(draft: Draft, measured: readonly MeasuredGate[], now: number): Draft {
  return measured.reduce((next, gate) => decideGate(next, gate, now), draft);
}

function decideGate(draft: Draft, { profile, report }: MeasuredGate, now: number): Draft {
  const { rollout } = draft;
  const known = gateOf(rollout, profile);
  if (known !== undefined && known.decidedAt !== null) return draft;
  const current = currentWaveOf(rollout);
  // After a resume it is measured anew.
  const startedAt = known !== undefined && known.startedAt >= (current?.soakingSince ?? 0) ? known.startedAt : now;
  const wave = current?.name ?? '';
  const noted = (decided: boolean): Draft => {
    const gate: RolloutGate = {
      wave: rollout.currentWave,
      profile,
      report,
      startedAt,
      decidedAt: decided ? now : null,
      decidedBy: decided ? 'gate' : null,
    };
    return changed(draft, { gates: [...rollout.gates.filter((other) => other !== known), gate] });
  };
  switch (report.outcome) {
    case 'pending':
    case 'running':
      return known !== undefined && sameFigures(known.report, report) ? draft : noted(false);
    case 'successful':
      return told(
        noted(true),
        'RolloutGateSuccessful',
        `gate of ${wave} on ${profile} is successful: ${report.message}`,
        figures(profile, report),
      );
    case 'failed':
    case 'inconclusive':
    case 'error': {
      const action = rollout.policy.onGate[report.outcome];
      const code = { failed: 'RolloutGateFailed', inconclusive: 'RolloutGateInconclusive', error: 'RolloutGateError' }[report.outcome];
      const severity = report.outcome === 'failed' ? 'error' : 'warning';
      const message = `gate of ${wave} on ${profile} is ${report.outcome}: ${report.message}`;
      const said = told(noted(action === 'rollback'), code, message, { ...figures(profile, report), action }, severity);
      return action === 'rollback' ? takeBack(said, profile, report) : hold(said, profile, report);
    }
  }
}

const figures = (profile: string, report: GateReport): Record<string, unknown> => ({
  profile,
  outcome: report.outcome,
  reason: report.reason,
  nodes: report.nodes,
  findings: report.findings,
});

/** Noise in the last digits of a report that waits is not worth a write. */
const sameFigures = (a: GateReport, b: GateReport): boolean =>
  a.outcome === b.outcome && a.message === b.message && a.nodes.measured === b.nodes.measured && a.look?.number === b.look?.number;

function takeBack(draft: Draft, profile: string, report: GateReport): Draft {
  return markRevert(draft, (member) => member.profile === profile, `Gate${report.reason}`, {
    code: 'ProfileGateFailed',
    message: `the gate of its hardware profile was ${report.outcome}: ${report.reason}`,
  });
}

function hold(draft: Draft, profile: string, report: GateReport): Draft {
  // Of several gates that hold in one step, the first one is named; the others are in the gates' own rows.
  if (draft.rollout.phase === RolloutPhase.held) return draft;
  const code = { failed: 'GateFailed', inconclusive: 'GateInconclusive', error: 'GateNotMeasured' }[report.outcome as 'failed'];
  const message = `${profile}: ${report.message}`;
  const suggestedAction = report.suggestedAction ?? 'look at the gate’s figures, then approve, resume or roll back';
  return told(
    changed(draft, { phase: RolloutPhase.held, hold: { code, message, suggestedAction } }),
    'RolloutHeld',
    `is held: ${message}`,
    { code },
    'warning',
  );
}

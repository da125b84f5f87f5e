import type { RolloutView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { formatPercent, formatSeconds } from '../format/numbers.js';
import { Facts } from '../parts/facts.js';
import { useWords } from '../words/words-context.js';

export function PolicyFacts({ policy }: { policy: RolloutView['policy'] }): ReactElement {
  const t = useWords();
  const { gate, localRollback } = policy;
  return (
    <Facts
      items={[
        [t.rollout.soak, formatSeconds(policy.soakSeconds)],
        [t.rollout.concurrent, `${String(policy.maxConcurrent)} · ${t.rollout.perLine}: ${String(policy.maxPerLine)}`],
        [t.rollout.approvals, t.rollout.approval[policy.approval]],
        ...(['failed', 'inconclusive', 'error'] as const).map((outcome): [string, string] => [
          t.rollout.onGate(t.outcome[outcome]),
          t.rollout.gateAction[policy.onGate[outcome]],
        ]),
        [
          t.rollout.margins,
          `p50 +${formatPercent(gate.maxServiceTimeP50Increase, 0)} · p95 +${formatPercent(gate.maxServiceTimeP95Increase, 0)} · FPS −${formatPercent(gate.maxDeliveredFpsShortfall, 0)}`,
        ],
        [
          t.rollout.local,
          localRollback.onPerformanceBreach === 'roll-back'
            ? t.rollout.localOn
            : `${t.rollout.localOff}${localRollback.reason === null ? '' : ` (${localRollback.reason})`}`,
        ],
      ]}
    />
  );
}

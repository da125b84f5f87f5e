import type { GateView, RolloutDetail } from '@takt/contracts';
import type { ReactElement } from 'react';
import { formatPercent, formatSeconds } from '../format/numbers.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { Panel } from '../parts/panel.js';
import { OUTCOME_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { DistributionChart } from './distribution-chart.js';
import { DistributionTable } from './distribution-table.js';
import { Findings } from './findings.js';
import classes from './gates-panel.module.css';

/** One panel per wave and profile, the newest first. */
export function GatesPanel({ rollout }: { rollout: RolloutDetail }): ReactElement {
  const t = useWords();
  const gates = [...rollout.gates].sort((a, b) => b.wave - a.wave || a.profile.localeCompare(b.profile));
  if (gates.length === 0) {
    return (
      <Panel title={t.rollout.gates}>
        <span className="quiet">{t.rollout.noGates}</span>
      </Panel>
    );
  }
  return (
    <>
      {gates.map((gate) => (
        <Gate key={gate.id} gate={gate} />
      ))}
    </>
  );
}

/** Which of its planned looks it stands at, how sure it has to be, and when the next one is. */
function LookLine({ gate: { look, decidedAt } }: { gate: GateView }): ReactElement | null {
  const t = useWords();
  if (look === null) return null;
  const { number, planned, upToSeconds, confidenceToPass, nextAtSeconds } = look;
  const parts = [
    t.gate.look(number, planned, formatSeconds(upToSeconds)),
    confidenceToPass === null ? t.gate.cannotPassYet : t.gate.confidence(formatPercent(confidenceToPass)),
    ...(decidedAt === null && nextAtSeconds !== null ? [t.gate.nextLook(formatSeconds(nextAtSeconds))] : []),
  ];
  return <p className="quiet">{parts.join(' · ')}</p>;
}

function Gate({ gate }: { gate: GateView }): ReactElement {
  const t = useWords();
  const title = `${t.rollout.gate}: ${t.gate.title(t.rollout.waveName(gate.wave), gate.profile)}`;
  return (
    <Panel
      title={title}
      note={t.gate.nodes(gate.nodes.measured, gate.nodes.total, gate.nodes.controls)}
      aside={
        <>
          <span className="quiet" style={{ fontSize: 13 }}>
            {gate.decidedAt === null ? t.gate.since : t.gate.decided} <Moment at={gate.decidedAt ?? gate.startedAt} />
            {gate.decidedBy !== null && gate.decidedBy !== 'gate' && ` ${t.gate.by(gate.decidedBy)}`}
          </span>
          <Mark sign={OUTCOME_SIGNS[gate.outcome]} loud>
            {t.outcome[gate.outcome]}
          </Mark>
        </>
      }
      {...(gate.outcome === 'failed' ? { tone: 'bad' as const } : {})}
    >
      <div className={classes['gate']}>
        <p>
          <span className="code">{gate.reason}</span> · {gate.message}
        </p>
        {gate.suggestedAction !== null && (
          <p style={{ fontWeight: 550 }}>
            {t.rollout.suggested}: {gate.suggestedAction}
          </p>
        )}
        <LookLine gate={gate} />
        {gate.missing.length > 0 && (
          <p className="quiet">
            {t.gate.missing}: {gate.missing.join('; ')}
          </p>
        )}
        <div className={classes['halves']}>
          <Findings findings={gate.findings} label={title} />
          <div>
            <DistributionChart distributions={gate.distributions} />
          </div>
        </div>
        {gate.distributions.some(({ frames }) => frames > 0) && (
          <div className={classes['table']}>
            <DistributionTable distributions={gate.distributions} />
          </div>
        )}
      </div>
    </Panel>
  );
}

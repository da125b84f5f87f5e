import type { GateFinding } from '@takt/gates';
import type { ReactElement } from 'react';
import { formatChange, formatPercent } from '../format/numbers.js';
import { Mark } from '../parts/mark.js';
import { OUTCOME_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { findingAxis, isAtLeast } from './finding-axis.js';
import classes from './findings.module.css';

/** Every bound of a gate: what was measured, how sure that is, and the bound, on one axis. */
export function Findings({ findings, label }: { findings: readonly GateFinding[]; label: string }): ReactElement {
  return (
    <ul className={classes['findings']} aria-label={label}>
      {findings.map((finding) => (
        <Finding key={`${finding.code}:${finding.against}`} finding={finding} />
      ))}
    </ul>
  );
}

function Finding({ finding }: { finding: GateFinding }): ReactElement {
  const t = useWords();
  const write = (value: number | null): string => {
    if (finding.unit === 'nodes') return value === null ? t.gate.notMeasured : String(value);
    return finding.code.startsWith('ServiceTime') ? formatChange(value) : formatPercent(value);
  };
  const bound = isAtLeast(finding) ? t.gate.needed(write(finding.bound)) : t.gate.allowedUpTo(write(finding.bound));
  const interval = finding.lower === null || finding.upper === null ? undefined : `[${write(finding.lower)}, ${write(finding.upper)}]`;
  return (
    <li className={classes['finding']} data-tone={OUTCOME_SIGNS[finding.outcome].tone} data-code={finding.code}>
      <div className={classes['name']}>
        <span>{t.gate.finding[finding.code] ?? finding.code}</span>
        <span className="quiet">{t.gate.against[finding.against]}</span>
      </div>
      <Axis finding={finding} label={finding.message} />
      <div className={classes['numbers']}>
        <strong>{finding.measured === null ? t.gate.notMeasured : write(finding.measured)}</strong>
        {interval !== undefined && <span title={t.gate.interval}>{interval}</span>}
        <span className="quiet">{bound}</span>
      </div>
      <Mark sign={OUTCOME_SIGNS[finding.outcome]}>{t.outcome[finding.outcome]}</Mark>
    </li>
  );
}

const at = (percent: number): string => `${percent.toFixed(2)}%`;

function Axis({ finding, label }: { finding: GateFinding; label: string }): ReactElement {
  const axis = findingAxis(finding);
  const middle = 11;
  return (
    <svg className={classes['axis']} height={22} width="100%" role="img" aria-label={label}>
      <title>{label}</title>
      <rect
        x={at(axis.allowed.from)}
        width={at(axis.allowed.to - axis.allowed.from)}
        y={2}
        height={18}
        rx={3}
        className={classes['allowed']}
      />
      <line x1="0" x2="100%" y1={middle} y2={middle} className={classes['rule']} />
      <line x1={at(axis.zero)} x2={at(axis.zero)} y1={5} y2={17} className={classes['zero']} />
      {axis.interval !== null && (
        <>
          <line x1={at(axis.interval.from)} x2={at(axis.interval.to)} y1={middle} y2={middle} className={classes['interval']} />
          <line x1={at(axis.interval.from)} x2={at(axis.interval.from)} y1={6} y2={16} className={classes['end']} />
          <line x1={at(axis.interval.to)} x2={at(axis.interval.to)} y1={6} y2={16} className={classes['end']} />
        </>
      )}
      <line x1={at(axis.bound)} x2={at(axis.bound)} y1={0} y2={22} className={classes['bound']} />
      {axis.measured !== null && <circle cx={at(axis.measured)} cy={middle} r={4.5} className={classes['measured']} />}
    </svg>
  );
}

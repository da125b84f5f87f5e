import type { RolloutPlanView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { Mark } from '../parts/mark.js';
import { useWords } from '../words/words-context.js';
import classes from './plan-preview.module.css';

/** Names that are written out per wave; a fleet has thousands. */
const NAMED = 24;

/** Waves and exclusions as the control plane would make them now. */
export function PlanPreview({ plan }: { plan: RolloutPlanView }): ReactElement {
  const t = useWords();
  const nodes = plan.waves.reduce((sum, wave) => sum + wave.nodes.length, 0);
  return (
    <div className={classes['plan']}>
      {nodes === 0 && <p>{t.start.noNodes}</p>}
      <ol aria-label={t.rollout.waves}>
        {plan.waves.map((wave) => (
          <li key={wave.index}>
            <strong>{t.rollout.waveName(wave.index)}</strong> <span className="quiet">{t.rollout.nodes(wave.nodes.length)}</span>
            <div className={classes['nodes']}>
              {wave.nodes.slice(0, NAMED).map((node) => (
                <span key={`${node.site}/${node.name}`}>
                  {node.name}{' '}
                  <span className="quiet">
                    {node.site} · {node.profile}
                  </span>
                  {!node.online && <Mark sign={{ tone: 'bad', icon: 'off' }}>{t.start.offline}</Mark>}
                </span>
              ))}
              {wave.nodes.length > NAMED && <span className="quiet">+ {wave.nodes.length - NAMED}</span>}
            </div>
          </li>
        ))}
      </ol>
      <h3>
        {t.start.excluded} <span className="quiet">{t.rollout.nodes(plan.excluded.length)}</span>
      </h3>
      {plan.excluded.length === 0 ? (
        <p className="quiet">{t.start.noneExcluded}</p>
      ) : (
        <ul aria-label={t.start.excluded}>
          {plan.excluded.map((node) => (
            <li key={`${node.site}/${node.name}`}>
              {node.name} <span className="quiet">{node.site}</span> · <span className="code">{node.code}</span> {node.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

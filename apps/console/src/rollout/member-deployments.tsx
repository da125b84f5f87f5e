import type { RolloutMemberView } from '@takt/contracts';
import type { DeploymentState } from '@takt/rollout';
import type { ReactElement } from 'react';
import { Mark } from '../parts/mark.js';
import { shortId } from '../parts/short-id.js';
import { DEPLOYMENT_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';

const isKnown = (state: string): state is DeploymentState => Object.hasOwn(DEPLOYMENT_SIGNS, state);

/** Deployments of one node in this rollout, newest first as they come; those that took it back say so. */
export function MemberDeployments({ deployments }: Pick<RolloutMemberView, 'deployments'>): ReactElement {
  const t = useWords();
  return (
    <>
      {deployments.map(({ id, state, revert }) => (
        <div key={id} className="nowrap" title={id}>
          <span className="code">{shortId(id)}</span>{' '}
          {isKnown(state) ? <Mark sign={DEPLOYMENT_SIGNS[state]}>{t.deployment[state]}</Mark> : state}
          {revert && <span className="quiet"> {t.rollout.revert}</span>}
        </div>
      ))}
    </>
  );
}

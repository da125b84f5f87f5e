/** States of a deployment as a node reports them; the table of allowed moves is `@takt/rollout`'s. */
export type DeploymentStage =
  | 'pending'
  | 'fetching'
  | 'calibrating'
  | 'building'
  | 'activating'
  | 'checking'
  | 'committed'
  | 'rolled-back'
  | 'failed'
  | 'superseded'
  | 'cancelled';

export type JobStage = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

const ORDER: readonly DeploymentStage[] = ['pending', 'fetching', 'calibrating', 'building', 'activating', 'checking'];

/** Position in the order of work; terminal stages come after all others. */
export const stageRank = (stage: DeploymentStage): number => {
  const rank = ORDER.indexOf(stage);
  return rank < 0 ? ORDER.length : rank;
};

export const isEnded = (stage: DeploymentStage): boolean => stageRank(stage) === ORDER.length;

export const isJobEnded = (stage: JobStage): boolean => stage === 'succeeded' || stage === 'failed' || stage === 'cancelled';

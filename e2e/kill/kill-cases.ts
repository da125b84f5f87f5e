import { seededRandom } from '@takt/gates';
import { DEPLOYMENT_TRANSITIONS, DeploymentState, isTerminal } from '@takt/rollout';

/** What is killed with SIGKILL. */
export const Victim = {
  controlPlane: 'control plane',
  agent: 'agent',
  runtime: 'runtime',
  engineHost: 'engine-host',
  worker: 'worker',
  nats: 'NATS',
  natsWiped: 'NATS with its store wiped',
} as const;
export type Victim = (typeof Victim)[keyof typeof Victim];

/** How a deployment is brought into a state: the story that an undisturbed run tells first. */
export const Scenario = {
  commit: 'commit',
  rollback: 'rollback',
  failure: 'failure',
  supersede: 'supersede',
  cancel: 'cancel',
} as const;
export type Scenario = (typeof Scenario)[keyof typeof Scenario];

export interface KillCase {
  readonly state: DeploymentState;
  readonly victim: Victim;
  readonly scenario: Scenario;
}

const TERMINAL_SCENARIO: Partial<Record<DeploymentState, Scenario>> = {
  [DeploymentState.rolledBack]: Scenario.rollback,
  [DeploymentState.failed]: Scenario.failure,
  [DeploymentState.superseded]: Scenario.supersede,
  [DeploymentState.cancelled]: Scenario.cancel,
};

export const STATES = Object.keys(DEPLOYMENT_TRANSITIONS) as DeploymentState[];
export const VICTIMS = Object.values(Victim);

const scenarioOf = (state: DeploymentState): Scenario =>
  isTerminal(state) ? (TERMINAL_SCENARIO[state] ?? Scenario.commit) : Scenario.commit;

/** Every state of the table × everything that can be killed. */
export const allCases = (): KillCase[] =>
  STATES.flatMap((state) => VICTIMS.map((victim) => ({ state, victim, scenario: scenarioOf(state) })));

/** States in which a worker runs for the deployment; in the others there is none to kill. */
const WORKER_STATES: readonly DeploymentState[] = [DeploymentState.calibrating, DeploymentState.building];

/** Whether the victim surely runs while a deployment is in the state. */
export const mustRun = ({ state, victim }: Pick<KillCase, 'state' | 'victim'>): boolean =>
  victim !== Victim.worker || WORKER_STATES.includes(state);

/** A sample of the cases that covers every state and every victim, each where it runs. */
export function sampleCases(seed: number): KillCase[] {
  const random = seededRandom(seed);
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  const workerState = shuffled(WORKER_STATES)[0];
  const others = shuffled(VICTIMS.filter((victim) => victim !== Victim.worker));
  return STATES.map((state, index) => ({
    state,
    victim: state === workerState ? Victim.worker : (others[index % others.length] ?? Victim.agent),
    scenario: scenarioOf(state),
  }));
}

/** Cases named by `TAKT_KILL_CASE`: `state:victim`, any number with commas between; undefined where it names none. */
export function namedCases(names: string | undefined): KillCase[] | undefined {
  if (names === undefined || names === '') return undefined;
  return names.split(',').map((name) => {
    const found = allCases().find(({ state, victim }) => name.trim() === `${state}:${victim}`);
    if (found !== undefined) return found;
    throw new Error(`TAKT_KILL_CASE: "${name}" is no state:victim of ${STATES.join(', ')} and ${VICTIMS.join(', ')}`);
  });
}

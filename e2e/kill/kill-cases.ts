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

/** One run of a scenario on the node, with everything that is killed on its way. */
export interface KillStory {
  readonly scenario: Scenario;
  /** In the order of their states. */
  readonly kills: readonly KillCase[];
}

/** Each case as a story of its own. */
export const storyOfEach = (cases: readonly KillCase[]): KillStory[] =>
  cases.map((killCase) => ({ scenario: killCase.scenario, kills: [killCase] }));

/**
 * The same cases in fewer stories: two kills in each, half of the path to the end apart, so that what the first one breaks
 * is repaired before the second one comes.
 */
export function pairedStories(cases: readonly KillCase[]): KillStory[] {
  const inOrder = (scenario: Scenario): KillCase[] =>
    cases.filter((each) => each.scenario === scenario).sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state));
  return Object.values(Scenario).flatMap((scenario) => {
    const own = inOrder(scenario);
    const half = Math.ceil(own.length / 2);
    return own.slice(0, half).map((first, index) => ({ scenario, kills: [first, ...own.slice(half + index, half + index + 1)] }));
  });
}

/** `pending × NATS`, several of them joined by a comma, or `commit, undisturbed`: the name of a story in test output and in the ledger. */
export const nameOf = ({ scenario, kills }: KillStory): string =>
  kills.length === 0 ? `${scenario}, undisturbed` : kills.map(({ state, victim }) => `${state} × ${victim}`).join(', ');

/** Cases named by `TAKT_KILL_CASE`: `state:victim`, any number with commas between; undefined where it names none. */
export function namedCases(names: string | undefined): KillCase[] | undefined {
  if (names === undefined || names === '') return undefined;
  return names.split(',').map((name) => {
    const found = allCases().find(({ state, victim }) => name.trim() === `${state}:${victim}`);
    if (found !== undefined) return found;
    throw new Error(`TAKT_KILL_CASE: "${name}" is not a state:victim of ${STATES.join(', ')} and ${VICTIMS.join(', ')}`);
  });
}

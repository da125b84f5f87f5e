import { seededRandom } from '@takt/gates';
import { VICTIMS, Victim } from '../kill/kill-cases.js';

/** Where a rollout stands when something is killed. */
export const Moment = {
  canaryMoving: 'canary moving',
  canarySoaking: 'canary soaking',
  waveMoving: 'second wave moving',
  waveSoaking: 'second wave soaking',
  badSoaking: 'bad canary soaking',
  rollingBack: 'rolling back',
} as const;
export type Moment = (typeof Moment)[keyof typeof Moment];

export interface RolloutCase {
  readonly moment: Moment;
  readonly victim: Victim;
  /** Whether the release is worse, so that the fleet's gate takes it back. */
  readonly bad: boolean;
}

export const MOMENTS = Object.values(Moment);
/** Whether the release of the case is worse, so that the fleet's gate takes it back. */
export const isBad = (moment: Moment): boolean => moment === Moment.badSoaking || moment === Moment.rollingBack;

/** Every moment × everything that can be killed. */
export const allRolloutCases = (): RolloutCase[] =>
  MOMENTS.flatMap((moment) => VICTIMS.map((victim) => ({ moment, victim, bad: isBad(moment) })));

/** Only while a node is moved does a worker run for it. */
export const mustRun = ({ moment, victim }: RolloutCase): boolean =>
  victim !== Victim.worker || moment === Moment.canaryMoving || moment === Moment.waveMoving;

/** A seeded sample: every moment once, with victims that differ and that run then. */
export function sampleRolloutCases(seed: number): RolloutCase[] {
  const random = seededRandom(seed);
  const left = [...VICTIMS];
  return MOMENTS.map((moment) => {
    const fitting = left.filter((victim) => mustRun({ moment, victim, bad: false }));
    const victim = fitting[Math.floor(random() * fitting.length)] ?? Victim.controlPlane;
    left.splice(left.indexOf(victim), 1);
    return { moment, victim, bad: isBad(moment) };
  });
}

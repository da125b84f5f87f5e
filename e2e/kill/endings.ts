import { Scenario } from './kill-cases.js';
import type { Ending } from './run-case.js';

/** How each scenario ends when nothing is killed, statistics apart; `npm run prove` checks the table itself. */
export const ENDINGS: Readonly<Record<Scenario, Omit<Ending, 'statistics'>>> = {
  [Scenario.commit]: { state: 'committed', serving: 'what the case built', generations: 2, finishedBuilds: 1, buildJob: 'succeeded' },
  [Scenario.rollback]: { state: 'rolled-back', serving: 'what was there before', generations: 3, finishedBuilds: 1, buildJob: 'succeeded' },
  [Scenario.failure]: { state: 'failed', serving: 'what was there before', generations: 2, finishedBuilds: 0, buildJob: 'failed' },
  [Scenario.supersede]: { state: 'superseded', serving: 'what the case built', generations: 4, finishedBuilds: 1, buildJob: 'cancelled' },
  [Scenario.cancel]: { state: 'cancelled', serving: 'what was there before', generations: 3, finishedBuilds: 0, buildJob: 'cancelled' },
};

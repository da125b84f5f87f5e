import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isolationCases } from '../fleet/isolation-cases.js';
import { Moment, sampleRolloutCases } from './rollout-cases.js';
import { expectKills } from './rollout-kill-suite.js';
import { ROLLOUT_ENDINGS, killing, runRolloutCase } from './run-rollout-case.js';
import type { Disturbance, RolloutCaseResult } from './run-rollout-case.js';
import { TwoNodeFleet } from './two-node-fleet.js';

/** Seed of the victims; `npm run prove` kills each of them at each moment, one in each rollout. */
const SEED = 20_261_125;
const CASES = sampleRolloutCases(SEED);

/**
 * What two real nodes under one control plane are needed for. The cases build on each other, so that one fleet serves all of
 * them: the rollout that succeeds is the baseline of those that roll back.
 */
describe('two nodes of one machine', () => {
  let fleet: TwoNodeFleet;
  const run = (name: string, bad: boolean, disturbances: readonly Disturbance[]): Promise<RolloutCaseResult> =>
    runRolloutCase(fleet, name, bad, disturbances).catch(async (failed: unknown) => {
      await fleet.giveUp(name);
      throw failed;
    });

  beforeAll(async () => {
    fleet = await TwoNodeFleet.start();
  }, 600_000);

  afterAll(() => fleet.stack.stop());

  describe('share nothing but the server: each', () => {
    isolationCases(() => fleet);
  });

  it('a rollout of a good release reaches both, whatever is killed on its way', async () => {
    const cases = CASES.filter(({ bad }) => !bad);
    const result = await run(
      'good',
      false,
      cases.map((each) => killing(fleet, each)),
    );
    expectKills(result);
    expect(result.ending, result.words).toMatchObject(ROLLOUT_ENDINGS.good);
    expect(result.orphans).toEqual([]);
  });

  it('a rollout of a bad release is rolled back by its gate, by either of two control planes, whatever is killed on its way', async () => {
    const { stack } = fleet;
    const replica = await stack.startReplica();
    const killingUnit = (unit: string, moment: Moment): Disturbance => ({
      moment,
      what: unit,
      kill: () => {
        stack.killControlPlane(unit);
        return Promise.resolve(true);
      },
    });
    const cases = CASES.filter(({ bad }) => bad);
    try {
      const result = await run('bad', true, [
        ...cases.map((each) => killing(fleet, each)),
        killingUnit('takt-control-plane', Moment.canaryMoving),
        killingUnit(replica.unit, Moment.badSoaking),
      ]);
      expectKills(result);
      expect(result.ending, result.words).toMatchObject(ROLLOUT_ENDINGS.bad);
      expect(result.orphans).toEqual([]);
    } finally {
      await stack.stopControlPlane(replica.unit);
    }
  });
});

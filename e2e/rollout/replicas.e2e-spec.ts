import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Moment } from './rollout-cases.js';
import { runRolloutCase } from './run-rollout-case.js';
import { TwoNodeFleet } from './two-node-fleet.js';

describe('two control planes over one database', () => {
  let fleet: TwoNodeFleet;

  beforeAll(async () => {
    fleet = await TwoNodeFleet.start();
    await runRolloutCase(fleet, 'before', false, []);
  }, 400_000);

  afterAll(() => fleet.stack.stop());

  it('bring a rollout to its end in either when the other is killed', async () => {
    const { stack } = fleet;
    const replica = await stack.startReplica();
    const killOne = (unit: string): Promise<boolean> => {
      stack.killControlPlane(unit);
      return Promise.resolve(true);
    };
    try {
      const { ending, words } = await runRolloutCase(fleet, 'replicas', true, [
        { moment: Moment.canaryMoving, what: 'the first control plane', kill: () => killOne('takt-control-plane') },
        { moment: Moment.badSoaking, what: 'its replica', kill: () => killOne(replica.unit) },
      ]);
      expect(ending, words).toMatchObject({
        phase: 'rolled-back',
        counts: { total: 2, 'rolled-back': 1, excluded: 1 },
        gates: ['failed by gate'],
        deployments: ['', 'revert committed, move committed'],
        active: ['the one before', 'the one before'],
      });
    } finally {
      await stack.stopControlPlane(replica.unit);
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VICTIMS } from '../kill/kill-cases.js';
import { MOMENTS, Moment, allRolloutCases, mustRun, sampleRolloutCases } from './rollout-cases.js';
import { killing, runRolloutCase } from './run-rollout-case.js';
import type { RolloutEnding } from './run-rollout-case.js';
import { TwoNodeFleet } from './two-node-fleet.js';

/** Seed of the sample in `npm test`; `npm run prove` runs every case. */
const SEED = 20_261_125;
const prove = process.env['TAKT_PROVE'] === '1';
const cases = prove ? allRolloutCases() : sampleRolloutCases(SEED);

describe(`kill -9 in the middle of a rollout (${prove ? 'all' : `a sample of ${String(allRolloutCases().length)}, seed ${String(SEED)}`})`, () => {
  let fleet: TwoNodeFleet;
  const undisturbed = new Map<boolean, RolloutEnding>();
  const counts = { killed: 0, nothingToKill: 0 };

  beforeAll(async () => {
    fleet = await TwoNodeFleet.start();
    for (const bad of [false, true]) {
      const result = await runRolloutCase(fleet, bad ? 'undisturbed-bad' : 'undisturbed-good', bad, []);
      expect(result.orphans).toEqual([]);
      undisturbed.set(bad, result.ending);
    }
  }, 400_000);

  afterAll(async () => {
    await fleet.stack.stop();
    process.stdout.write(
      `rollout kill matrix: ${String(cases.length)} of ${String(MOMENTS.length * VICTIMS.length)} cases, ${String(counts.killed)} with a process ` +
        `killed, ${String(counts.nothingToKill)} at moments where that process does not run\n`,
    );
  });

  it('undisturbed, the good release reaches both nodes and the bad one is taken back by its gate', () => {
    expect(undisturbed.get(false)).toMatchObject({
      phase: 'succeeded',
      counts: { total: 2, succeeded: 2 },
      gates: ['successful by gate', 'successful by gate'],
      deployments: ['move committed', 'move committed'],
    });
    expect(undisturbed.get(true)).toMatchObject({
      phase: 'rolled-back',
      counts: { total: 2, 'rolled-back': 1, excluded: 1 },
      gates: ['failed by gate'],
      deployments: ['', 'revert committed, move committed'],
      active: ['the one before', 'the one before'],
    });
  });

  it.each(cases.map((each, index) => ({ ...each, index })))('$moment × $victim ends as if nothing had happened', async (each) => {
    const result = await runRolloutCase(fleet, `case-${String(each.index)}`, each.bad, [killing(fleet, each)]);
    process.stdout.write(
      `  ${each.victim} killed at ${String(result.killedAt)} (aimed at ${each.moment}): ${result.killed ? 'done' : 'none was running'}\n`,
    );
    counts[result.killed ? 'killed' : 'nothingToKill'] += 1;
    if (mustRun(each)) expect(result.killed).toBe(true);
    expect(result.ending).toEqual(undisturbed.get(each.bad));
    expect(result.orphans).toEqual([]);
  });

  it('goes on in either of two replicas when the other is killed', async () => {
    const { stack } = fleet;
    const replica = await stack.startReplica();
    const killOne = (unit: string): Promise<boolean> => {
      stack.killControlPlane(unit);
      return Promise.resolve(true);
    };
    try {
      const result = await runRolloutCase(fleet, 'replicas', false, [
        { moment: Moment.canaryMoving, what: 'the first control plane', kill: () => killOne('takt-control-plane') },
        { moment: Moment.waveMoving, what: 'its replica', kill: () => killOne(replica.unit) },
      ]);
      expect(result.ending).toEqual(undisturbed.get(false));
    } finally {
      await stack.stopControlPlane(replica.unit);
    }
  });
});

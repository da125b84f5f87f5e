import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VICTIMS } from '../kill/kill-cases.js';
import { MOMENTS, allRolloutCases, isBad, mustRun, sampleRolloutCases } from './rollout-cases.js';
import { killing, runRolloutCase } from './run-rollout-case.js';
import type { RolloutEnding } from './run-rollout-case.js';
import { TwoNodeFleet } from './two-node-fleet.js';

/** Seed of the sample in `npm test`; `npm run prove` runs every case. */
const SEED = 20_261_125;
const prove = process.env['TAKT_PROVE'] === '1';

/** Kill cases of rollouts of a good release, or of a bad one, on a fleet of their own. Counts what was killed. */
export function rolloutKillSuite(bad: boolean): void {
  const all = allRolloutCases();
  const cases = (prove ? all : sampleRolloutCases(SEED)).filter((each) => each.bad === bad);
  const which = `${bad ? 'a bad' : 'a good'} release, ${prove ? 'all cases' : `a sample of ${String(all.length)} cases, seed ${String(SEED)}`}`;

  describe(`kill -9 in the middle of a rollout (${which})`, () => {
    let fleet: TwoNodeFleet;
    let undisturbed: RolloutEnding;
    const counts = { killed: 0, nothingToKill: 0 };

    beforeAll(async () => {
      fleet = await TwoNodeFleet.start();
      if (bad) await runRolloutCase(fleet, 'before', false, []);
      const result = await runRolloutCase(fleet, 'undisturbed', bad, []);
      expect(result.orphans).toEqual([]);
      undisturbed = result.ending;
    }, 400_000);

    afterAll(async () => {
      await fleet.stack.stop();
      process.stdout.write(
        `rollout kill matrix (${bad ? 'bad' : 'good'} release): ${String(cases.length)} of ${String(MOMENTS.filter((moment) => isBad(moment) === bad).length * VICTIMS.length)} cases, ` +
          `${String(counts.killed)} with a process killed, ${String(counts.nothingToKill)} at moments where that process does not run\n`,
      );
    });

    if (bad) {
      it('undisturbed, the canary is taken back by the gate', () => {
        expect(undisturbed).toMatchObject({
          phase: 'rolled-back',
          counts: { total: 2, 'rolled-back': 1, excluded: 1 },
          gates: ['failed by gate'],
          deployments: ['', 'revert committed, move committed'],
          active: ['the one before', 'the one before'],
        });
      });
    } else {
      it('undisturbed, it reaches both nodes', () => {
        expect(undisturbed).toMatchObject({
          phase: 'succeeded',
          counts: { total: 2, succeeded: 2 },
          gates: ['successful by gate', 'successful by gate'],
          deployments: ['move committed', 'move committed'],
        });
      });
    }

    it.each(cases.map((each, index) => ({ ...each, index })))('$moment × $victim ends as if nothing had happened', async (each) => {
      const name = `case-${String(each.index)}`;
      const result = await runRolloutCase(fleet, name, bad, [killing(fleet, each)]).catch(async (failed: unknown) => {
        await fleet.giveUp(name);
        throw failed;
      });
      process.stdout.write(
        `  ${each.victim} killed at ${String(result.killedAt)} (aimed at ${each.moment}): ${result.killed ? 'done' : 'none was running'}\n`,
      );
      counts[result.killed ? 'killed' : 'nothingToKill'] += 1;
      if (mustRun(each)) expect(result.killed).toBe(true);
      expect(result.ending, result.words).toEqual(undisturbed);
      expect(result.orphans).toEqual([]);
    });
  });
}

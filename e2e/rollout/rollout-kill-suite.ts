import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProveLedger } from '../prove-ledger.js';
import { VICTIMS, Victim } from '../kill/kill-cases.js';
import { allRolloutCases, isBad, mustRun } from './rollout-cases.js';
import type { RolloutCase } from './rollout-cases.js';
import { ROLLOUT_ENDINGS, killing, runRolloutCase } from './run-rollout-case.js';
import type { RolloutCaseResult } from './run-rollout-case.js';
import { TwoNodeFleet } from './two-node-fleet.js';

const nameOf = (run: RolloutCase | 'undisturbed'): string => (run === 'undisturbed' ? run : `${run.moment} × ${run.victim}`);

/** Prints what was killed, and checks that each process that surely runs at its moment was there to kill. */
export function expectKills({ kills }: RolloutCaseResult): void {
  for (const { what, moment, killedAt, killed, missed } of kills) {
    process.stdout.write(`  ${what} killed at ${killedAt} (aimed at ${moment}): ${killed ? 'done' : 'none was running'}\n`);
    const victim = VICTIMS.find((each) => each === what);
    const surelyRan = victim === undefined || mustRun({ moment, victim, bad: isBad(moment) });
    if (surelyRan && !(victim === Victim.worker && missed)) expect(killed, `${what} at ${moment}`).toBe(true);
  }
}

/** Every kill case of rollouts of a good release, or of a bad one, on a fleet of their own. */
export function rolloutKillSuite(bad: boolean): void {
  const own = allRolloutCases().filter((each) => each.bad === bad);
  const ending = bad ? ROLLOUT_ENDINGS.bad : ROLLOUT_ENDINGS.good;
  const matrix = `kill -9 in the middle of a rollout of a ${bad ? 'bad' : 'good'} release`;
  const ledger = new ProveLedger();
  const runs: (RolloutCase | 'undisturbed')[] = ['undisturbed', ...own];
  const cases = ledger.open(matrix, runs, nameOf);

  describe.skipIf(cases.length === 0)(`${matrix} (all cases)`, () => {
    let fleet: TwoNodeFleet;
    const counts = { killed: 0, nothingToKill: 0 };

    beforeAll(async () => {
      fleet = await TwoNodeFleet.start();
      if (bad) await runRolloutCase(fleet, 'before', false, []);
    }, 600_000);

    afterAll(async () => {
      await fleet.stack.stop();
      process.stdout.write(
        `${matrix}: ${String(counts.killed + counts.nothingToKill)} of ${String(own.length)} cases, ` +
          `${String(counts.killed)} with a process killed, ${String(counts.nothingToKill)} at moments where that process does not run\n`,
      );
    });

    it.each(cases.map((run, index) => ({ run, title: nameOf(run), index })))(
      '$title: ends as if nothing had happened',
      async ({ run, index }) => {
        const name = `case-${String(index)}`;
        const kills = run === 'undisturbed' ? [] : [killing(fleet, run)];
        const result = await runRolloutCase(fleet, name, bad, kills).catch(async (failed: unknown) => {
          await fleet.giveUp(name);
          throw failed;
        });
        expectKills(result);
        if (run !== 'undisturbed') counts[result.kills.every(({ killed }) => killed) ? 'killed' : 'nothingToKill'] += 1;
        expect(result.ending, result.words).toMatchObject(ending);
        expect(result.orphans).toEqual([]);
        ledger.passed(matrix, nameOf(run));
      },
    );
  });
}

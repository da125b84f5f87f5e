import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostStack, eventually } from '../fleet/host-stack.js';
import type { HostNode } from '../fleet/host-stack.js';
import { STATES, Scenario, VICTIMS, allCases, mustRun, namedCases, sampleCases } from './kill-cases.js';
import type { KillCase } from './kill-cases.js';
import { runCase } from './run-case.js';
import type { Ending } from './run-case.js';
import { deployBaseline, prepareContent } from './scenarios.js';

/** Seed of the sample in `npm test`; `npm run prove` runs every case. */
const SEED = 20_261_123;
/** Frames that a build measures each candidate over: what is asked here is whether it survives, not how fast it is. */
const AGENT_SETTINGS = { TAKT_BUILD_FRAMES: '60', TAKT_HEARTBEAT_MS: '1000' };
const prove = process.env['TAKT_PROVE'] === '1';
const chosen = namedCases(process.env['TAKT_KILL_CASE']) ?? (prove ? allCases() : sampleCases(SEED));

/**
 * The cases of the kill matrix whose story is one of `scenarios`, on a stack of their own. Every scenario belongs to one
 * spec file, so that two stacks run side by side and no undisturbed run is told twice.
 */
export function killSuite(scenarios: readonly Scenario[]): void {
  const cases = chosen.filter((killCase) => scenarios.includes(killCase.scenario));
  const of = allCases().filter((killCase) => scenarios.includes(killCase.scenario)).length;

  describe.skipIf(cases.length === 0)(
    `kill -9 in every state that leads to ${scenarios.join(', ')} (${prove ? 'all' : `a sample of ${String(of)}, seed ${String(SEED)}`})`,
    () => {
      let stack: HostStack;
      let node: HostNode;
      const undisturbed = new Map<Scenario, Ending>();
      const counts = { killed: 0, nothingToKill: 0 };

      beforeAll(async () => {
        stack = await HostStack.start();
        const { site, line, model } = await prepareContent(stack.api);
        node = await stack.addNode('node', site, line, AGENT_SETTINGS);
        await stack.api.call('createSlot', { body: { node: node.id, line, model } });
        const { id } = await deployBaseline(stack.api);
        await eventually(
          'the baseline committing',
          async () => ((await stack.api.call('getDeployment', { params: { id } })).state === 'committed' ? true : undefined),
          120_000,
        );
        // The first commit changes what the slot serves; later ones find it serving what such a case builds.
        await runCase(stack, node, Scenario.commit, 'settle', null);
        for (const scenario of new Set(cases.map((killCase) => killCase.scenario))) {
          const result = await runCase(stack, node, scenario, `undisturbed-${scenario}`, null);
          expect(result.orphans).toEqual([]);
          undisturbed.set(scenario, result.ending);
        }
      }, 600_000);

      afterAll(async () => {
        await stack.stop();
        process.stdout.write(
          `kill matrix: ${String(cases.length)} of ${String(of)} cases that lead to ${scenarios.join(', ')} (${String(STATES.length)} states × ` +
            `${String(VICTIMS.length)} victims in all), ${String(counts.killed)} with a process killed, ` +
            `${String(counts.nothingToKill)} in states where that process does not run\n`,
        );
      });

      it.each(cases.map((killCase: KillCase, index) => ({ ...killCase, index })))(
        '$state × $victim ends as if nothing had happened',
        async ({ state, victim, scenario, index }) => {
          const result = await runCase(stack, node, scenario, `case-${String(index)}`, { victim, at: state });
          process.stdout.write(
            `  ${victim} killed in ${String(result.killedIn)} (aimed at ${state}): ${result.killed ? 'done' : 'none was running'}\n`,
          );
          counts[result.killed ? 'killed' : 'nothingToKill'] += 1;
          if (mustRun({ state, victim })) expect(result.killed).toBe(true);
          expect(result.ending).toEqual(undisturbed.get(scenario));
          expect(result.orphans).toEqual([]);
        },
      );
    },
  );
}

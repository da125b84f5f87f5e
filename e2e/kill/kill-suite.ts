import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostStack, eventually } from '../fleet/host-stack.js';
import type { HostNode } from '../fleet/host-stack.js';
import { ProveLedger } from '../prove-ledger.js';
import { ENDINGS } from './endings.js';
import { STATES, VICTIMS, allCases, mustRun, nameOf, namedCases, pairedStories, sampleCases, storyOfEach } from './kill-cases.js';
import type { KillCase, KillStory, Scenario } from './kill-cases.js';
import { runStory } from './run-case.js';
import type { StoryResult } from './run-case.js';
import { deployBaseline, prepareContent } from './scenarios.js';

/** Seed of the sample in `npm test`; `npm run prove` runs every case. */
const SEED = 20_261_123;
/** Frames that a build measures each candidate over: the question is whether it survives, not how fast it is. */
const AGENT_SETTINGS = { TAKT_BUILD_FRAMES: '20', TAKT_HEARTBEAT_MS: '500' };
const prove = process.env['TAKT_PROVE'] === '1';
const named = namedCases(process.env['TAKT_KILL_CASE']);

function storiesOf(scenarios: readonly Scenario[]): KillStory[] {
  const own = (cases: readonly KillCase[]): KillCase[] => cases.filter((each) => scenarios.includes(each.scenario));
  if (named !== undefined) return storyOfEach(own(named));
  return prove ? storyOfEach(own(allCases())) : pairedStories(own(sampleCases(SEED)));
}

/**
 * The cases of the kill matrix that belong to `scenarios`, on a stack of their own. Every scenario belongs to one spec file,
 * so that two stacks run side by side.
 */
export function killSuite(scenarios: readonly Scenario[]): void {
  const matrix = `kill -9 on the way to ${scenarios.join(', ')}`;
  const ledger = new ProveLedger();
  const undisturbed = prove && named === undefined ? scenarios.map((scenario): KillStory => ({ scenario, kills: [] })) : [];
  const stories = ledger.open(matrix, [...undisturbed, ...storiesOf(scenarios)], nameOf);
  const of = allCases().filter((killCase) => scenarios.includes(killCase.scenario)).length;
  const sample = prove ? 'all cases' : `a sample of ${String(of)} cases, seed ${String(SEED)}`;

  describe.skipIf(stories.length === 0)(`${matrix} (${sample})`, () => {
    let stack: HostStack;
    let node: HostNode;
    /** Digest of the statistics of every story that calibrates: all of them use the same images. */
    let statistics: string | undefined;
    const counts = { killed: 0, nothingToKill: 0 };

    const endsAsUndisturbed = (scenario: Scenario, { ending, statisticsBefore, orphans }: StoryResult): void => {
      statistics ??= ending.statistics[0];
      const { serving } = ENDINGS[scenario];
      const made = serving === 'what was there before' ? statisticsBefore : [statistics ?? 'none'];
      expect(ending).toEqual({ ...ENDINGS[scenario], statistics: made });
      expect(orphans).toEqual([]);
    };

    beforeAll(async () => {
      stack = await HostStack.start();
      const { site, line, model } = await prepareContent(stack.api);
      node = await stack.addNode('node', site, line, AGENT_SETTINGS);
      await stack.api.call('createSlot', { body: { node: node.id, line, model } });
      const { id } = await deployBaseline(stack.api);
      await eventually(
        'the baseline committing',
        async () => ((await stack.api.call('getDeployment', { params: { id } })).state === 'committed' ? true : undefined),
        240_000,
      );
    }, 600_000);

    afterAll(async () => {
      await stack.stop();
      process.stdout.write(
        `${matrix}: ${String(counts.killed + counts.nothingToKill)} of ${String(of)} cases (${String(STATES.length)} states × ` +
          `${String(VICTIMS.length)} victims in all), ${String(counts.killed)} with a process killed, ` +
          `${String(counts.nothingToKill)} in states where that process does not run\n`,
      );
    });

    it.each(stories.map((story, index) => ({ ...story, name: nameOf(story), index })))(
      '$name: ends as if nothing had happened',
      async ({ scenario, kills, name, index }) => {
        const result = await runStory(stack, node, scenario, `case-${String(index)}`, kills);
        for (const each of result.kills) {
          process.stdout.write(
            `  ${each.victim} killed in ${each.killedIn} (aimed at ${each.state}): ${each.killed ? 'done' : 'none was running'}\n`,
          );
          counts[each.killed ? 'killed' : 'nothingToKill'] += 1;
          if (mustRun({ ...each, state: each.killedIn })) expect(each.killed, `${each.victim} in ${each.killedIn}`).toBe(true);
        }
        endsAsUndisturbed(scenario, result);
        ledger.passed(matrix, name);
      },
    );
  });
}

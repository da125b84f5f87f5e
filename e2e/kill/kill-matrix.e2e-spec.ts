import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostStack } from '../fleet/host-stack.js';
import type { HostNode } from '../fleet/host-stack.js';
import { STATES, Scenario, VICTIMS, allCases, mustRun, sampleCases } from './kill-cases.js';
import { runCase } from './run-case.js';
import type { Ending } from './run-case.js';
import { deployBaseline, prepareContent } from './scenarios.js';
import { eventually } from '../fleet/host-stack.js';

/** Seed of the sample in `npm test`; `npm run prove` runs every case. */
const SEED = 20_261_123;
const prove = process.env['TAKT_PROVE'] === '1';
const cases = prove ? allCases() : sampleCases(SEED);

describe(`kill -9 in every state (${prove ? 'all' : `a sample of ${String(allCases().length)}, seed ${String(SEED)}`})`, () => {
  let stack: HostStack;
  let node: HostNode;
  const undisturbed = new Map<Scenario, Ending>();
  const counts = { killed: 0, nothingToKill: 0 };

  beforeAll(async () => {
    stack = await HostStack.start();
    const { site, line, model } = await prepareContent(stack.api);
    node = await stack.addNode('node', site, line);
    await stack.api.call('createSlot', { body: { node: node.id, line, model } });
    const { id } = await deployBaseline(stack.api);
    await eventually(
      'the baseline committing',
      async () => ((await stack.api.call('getDeployment', { params: { id } })).state === 'committed' ? true : undefined),
      120_000,
    );
    // The first commit changes what the slot serves; later ones find it serving the same bytes.
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
      `kill matrix: ${String(cases.length)} of ${String(STATES.length * VICTIMS.length)} cases, ${String(counts.killed)} with a process killed, ` +
        `${String(counts.nothingToKill)} in states where that process does not run\n`,
    );
  });

  it.each(cases.map((killCase, index) => ({ ...killCase, index })))(
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
});

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '@takt/testing';
import { ControlStand } from './control-stand.js';
import { NodeStand } from './node-stand.js';
import { contentIn, deploymentOf, releaseOf, slotOf } from './wanted.js';

let stand: ControlStand;
let node: NodeStand;
beforeAll(async () => {
  stand = await ControlStand.start();
  node = await NodeStand.create();
});
afterAll(async () => {
  await node.destroy();
  await stand.destroy();
});

/** The size stays, so that only the digest shows it. */
const flipBit = (path: string): void => {
  const content = readFileSync(path);
  content[1000] = (content[1000] ?? 0) ^ 1;
  writeFileSync(path, content);
};

it('an agent that starts with every state file damaged stays up, reports it, and builds a damaged build again for the next deployment', async () => {
  const content = await contentIn(stand);
  const release = releaseOf(content);
  const first = deploymentOf(release);
  await stand.want({ slots: [slotOf(content, first)], jobs: [] });
  node.startRuntime();
  node.startAgent('--server', stand.url, '--token', 'good-token');
  const isCommitted = (id: string): boolean => stand.stateOf(id) === 'committed';
  await until('the first is committed', () => isCommitted(first.deploymentId), 60_000);
  await until('the journal is confirmed', () => readdirSync(join(node.data, 'agent', 'journal')).length === 0);
  await node.endAgent('SIGKILL');

  for (const name of ['desired', 'current', 'ledger', 'journal-head'])
    writeFileSync(join(node.data, 'agent', `${name}.json`), Buffer.alloc(64));
  for (const name of ['identity.json', 'node.jwt']) writeFileSync(join(node.data, 'identity', name), '');
  const [build = ''] = readdirSync(join(node.data, 'builds'));
  const artifact = readdirSync(join(node.data, 'builds', build)).find((name) => name.endsWith('.onnx')) ?? '';
  flipBit(join(node.data, 'builds', build, artifact));
  expect(node.command('status')).toContain('desired.json is damaged');

  node.startAgent();
  const second = deploymentOf({ ...release, name: 'again' });
  await stand.want({ slots: [slotOf(content, second)], jobs: [] });
  await until('the second is committed', () => isCommitted(second.deploymentId), 60_000);
  expect(node.agentEnded).toBe(false);
  expect(node.count('end-build')).toBe(2);
  expect(stand.deployments.get(first.deploymentId)?.filter((state) => state === 'committed')).toHaveLength(1);
  const said = (): string[] =>
    stand.reports.flatMap(({ body }) =>
      body.kind === 'condition' && body.condition.type === 'StateIntact' ? [body.condition.reason] : [],
    );
  await until('the damage is reported as replaced', () => said().at(-1) === 'Rebuilt', 60_000);
  expect(said()).toContain('FileDamaged');
  expect(existsSync(join(node.data, 'agent', 'quarantine'))).toBe(true);
}, 180_000);

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calibrationKeyOf } from '@takt/reconcile';
import { until } from '@takt/testing';
import { ControlStand } from './control-stand.js';
import { NodeStand } from './node-stand.js';
import { calibrationOf, contentIn, deploymentOf, releaseOf, slotOf } from './wanted.js';

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

const conditions = (type: string): string[] =>
  stand.reports.flatMap(({ body }) => (body.kind === 'condition' && body.condition.type === type ? [body.condition.reason] : []));

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
  await until('the damage is reported as replaced', () => conditions('StateIntact').at(-1) === 'Rebuilt', 60_000);
  expect(conditions('StateIntact')).toContain('FileDamaged');
  expect(existsSync(join(node.data, 'agent', 'quarantine'))).toBe(true);
}, 180_000);

it('an agent that starts with only its ledger damaged reports no end twice and every condition again, and calibrates where a file is in the way', async () => {
  await until('the journal is confirmed', () => readdirSync(join(node.data, 'agent', 'journal')).length === 0);
  await node.endAgent('SIGKILL');
  writeFileSync(join(node.data, 'agent', 'ledger.json'), Buffer.alloc(64));
  const before = conditions('RuntimeReachable').length;
  const job = calibrationOf(await contentIn(stand));
  const key = calibrationKeyOf(job, (content) => createHash('sha256').update(content).digest('hex'));
  mkdirSync(join(node.data, 'calibrations'), { recursive: true });
  writeFileSync(join(node.data, 'calibrations', key), 'in the way');
  node.startAgent();
  await stand.want({ slots: stand.body.slots, jobs: [job] });
  const isDone = (): boolean =>
    stand.reports.some(({ body }) => body.kind === 'job' && body.jobId === job.jobId && body.state === 'succeeded');
  await until('the calibration is done', isDone, 60_000);
  await until('a condition that is met is reported again', () => conditions('RuntimeReachable').length > before, 60_000);
  for (const states of stand.deployments.values()) expect(states.filter((state) => state === 'committed')).toHaveLength(1);
  expect(stand.rejected).toEqual([]);
  expect(node.count('end-build')).toBe(2);
}, 180_000);

it('an agent that starts with its key damaged stays up and says what to do, also when it is started again', async () => {
  await node.endAgent('SIGKILL');
  writeFileSync(join(node.data, 'identity', 'node.nk'), 'x');
  const said = (): number => node.agentLog().split('IdentityDamaged').length - 1;
  for (let start = 1; start <= 2; start += 1) {
    const before = said();
    node.startAgent();
    await until('the agent says so', () => said() > before, 60_000);
    expect(node.agentEnded).toBe(false);
    expect(node.command('status')).toContain('not joined');
    expect(await node.endAgent('SIGTERM')).toBe(0);
  }
}, 180_000);

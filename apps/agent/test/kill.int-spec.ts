import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEPLOYMENT_TRANSITIONS, isTerminal } from '@takt/rollout';
import type { DeploymentState } from '@takt/rollout';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { until } from '@takt/testing';
import { ControlStand } from './control-stand.js';
import { NodeStand, endWith } from './node-stand.js';
import { calibrationOf, contentIn, deploymentOf, releaseOf, slotOf } from './wanted.js';

type Victim = 'agent' | 'runtime' | 'NATS' | 'NATS with its store wiped';

const VICTIMS: readonly Victim[] = ['agent', 'runtime', 'NATS', 'NATS with its store wiped'];
/** Everything with TAKT_PROVE=1; else the agent in all states of one deployment, and every other process once, in states of its own. */
const SAMPLE: Readonly<Record<Victim, readonly DeploymentState[]>> = {
  agent: [],
  runtime: ['checking'],
  NATS: ['building'],
  'NATS with its store wiped': ['activating'],
};
const everything = process.env['TAKT_PROVE'] === '1';
const STATES = (Object.keys(DEPLOYMENT_TRANSITIONS) as DeploymentState[]).filter((state) => !isTerminal(state) && state !== 'pending');

interface Run {
  readonly stand: ControlStand;
  readonly node: NodeStand;
  readonly deploymentId: string;
}

/** A first release that commits and a second one that is judged; the second one's every state can be interrupted. */
async function startRun(context: TestContext, good: boolean): Promise<Run> {
  const stand = await ControlStand.start();
  context.onTestFinished(() => stand.destroy());
  const node = await NodeStand.create({ TAKT_WORKER_TEST_MS: '600', TEST_CHECK_MS: '900' });
  endWith(context, node);
  node.holdCalibrations();
  stand.downloadDelayMs = 150;
  const content = await contentIn(stand);
  const job = calibrationOf(content);
  const release = releaseOf(content, {
    recipes: ['fp32', good ? 'int8' : 'int8-library-default'],
    needsStatistics: true,
    buildCheck: { waived: true, reason: 'trial' },
  });
  const deployment = deploymentOf(release);
  const run = { stand, node, deploymentId: deployment.deploymentId };
  // As the control plane does: statistics that arrive make the next generation. They are held back until the deployment waits
  // for them, so that every run passes through every state, however slow the machine is with the rest.
  stand.onReport = ({ body }): void => {
    if (body.kind !== 'job' || body.result?.kind !== 'calibrate') return;
    const { statistics } = body.result;
    void until(
      'the deployment waits for its statistics',
      () => stand.deployments.get(deployment.deploymentId)?.includes('calibrating') === true,
    )
      .then(() => stand.want({ slots: [slotOf(content, { ...deployment, release: { ...release, statistics } })], jobs: [] }))
      .catch(() => undefined);
  };
  await stand.want({ slots: [slotOf(content, deployment)], jobs: [job] });
  node.startRuntime();
  node.startAgent('--server', stand.url, '--token', 'good-token');
  return run;
}

const enters = (run: Run, state: DeploymentState): Promise<void> =>
  new Promise((resolve) => {
    if (run.stand.deployments.get(run.deploymentId)?.includes(state) === true) resolve();
    run.stand.onTransition = (deploymentId, entered): void => {
      if (deploymentId === run.deploymentId && entered === state) resolve();
    };
  });

async function strike({ node, stand }: Run, victim: Victim): Promise<void> {
  switch (victim) {
    case 'agent':
      await node.endAgent('SIGKILL');
      await until('its workers ended with it', () => node.liveWorkers().length === 0);
      node.startAgent();
      return;
    case 'runtime':
      await node.endRuntimes();
      node.startRuntime();
      return;
    case 'NATS':
    case 'NATS with its store wiped':
      await stand.restartNats({ wipe: victim !== 'NATS' });
      return;
  }
}

/** States in which a calibration may be under way: it ends after the strike, since one that ended and is not noted yet is made again. */
const CALIBRATES: readonly DeploymentState[] = ['fetching', 'calibrating'];

async function interrupt(run: Run, state: DeploymentState, victim: Victim): Promise<void> {
  if (!CALIBRATES.includes(state)) run.node.letCalibrationsEnd();
  await enters(run, state);
  await strike(run, victim);
  if (state === 'calibrating') run.node.letCalibrationsEnd();
}

async function endsAsWanted(run: Run): Promise<void> {
  run.node.letCalibrationsEnd();
  await until('it is committed', () => run.stand.stateOf(run.deploymentId) === 'committed');
  expect(run.stand.deployments.get(run.deploymentId)).toEqual([
    'pending',
    'fetching',
    'calibrating',
    'building',
    'activating',
    'checking',
    'committed',
  ]);
  expect(run.stand.rejected).toEqual([]);
  expect(run.node.count('end-build')).toBe(1);
  expect(run.node.count('end-calibrate')).toBe(1);
  const record = JSON.parse(readFileSync(join(run.node.data, 'lines', 'line-1', 'record.json'), 'utf8')) as { activations: number };
  expect(record.activations).toBe(1);
  await until(
    'every report is confirmed',
    () => JSON.parse(readFileSync(join(run.node.data, 'agent', 'journal-head.json'), 'utf8')).confirmedSeq === run.stand.confirmedSeq,
  );
  expect(run.stand.reports.map(({ seq }) => seq)).toEqual(run.stand.reports.map((_report, index) => index + 1));
  expect(await run.node.endAgent('SIGTERM')).toBe(0);
  expect(run.node.liveWorkers()).toEqual([]);
}

describe.concurrent.each(VICTIMS.filter((victim) => everything || SAMPLE[victim].length > 0))('%s killed and started again', (victim) => {
  it.for(everything ? STATES : SAMPLE[victim])(
    'in state %s: the same row, one build, one calibration, one activation',
    async (state, context) => {
      const run = await startRun(context, true);
      await interrupt(run, state, victim);
      await endsAsWanted(run);
    },
  );
});

describe.concurrent('the agent killed again and again', () => {
  it('in every state of one deployment: the same row, one build, one calibration, one activation', async (context) => {
    const run = await startRun(context, true);
    for (const state of STATES) await interrupt(run, state, 'agent');
    await endsAsWanted(run);
  });
});

describe.concurrent('a release that does not pass', () => {
  it.for(everything ? (['building', 'activating', 'checking'] as const) : (['checking'] as const))(
    'is rolled back once although the agent is killed in state %s',
    async (state, context) => {
      const run = await startRun(context, false);
      await interrupt(run, state, 'agent');
      await until('it is rolled back', () => run.stand.stateOf(run.deploymentId) === 'rolled-back');
      expect(run.stand.deployments.get(run.deploymentId)?.slice(-2)).toEqual(['checking', 'rolled-back']);
      expect(run.stand.rejected).toEqual([]);
      expect(run.node.count('end-build')).toBe(1);
    },
  );

  it('is rolled back and reported although the agent was away for the whole check', async (context) => {
    const run = await startRun(context, false);
    run.node.letCalibrationsEnd();
    await enters(run, 'activating');
    await until('the runtime has it', () => {
      const record = JSON.parse(readFileSync(join(run.node.data, 'lines', 'line-1', 'record.json'), 'utf8')) as { activations: number };
      return record.activations === 1;
    });
    await run.node.endAgent('SIGKILL');
    await until('the runtime ended it alone', () =>
      readFileSync(join(run.node.data, 'lines', 'line-1', 'record.json'), 'utf8').includes('rolled-back'),
    );
    run.node.startAgent();
    await until('it is rolled back', () => run.stand.stateOf(run.deploymentId) === 'rolled-back');
    expect(run.stand.deployments.get(run.deploymentId)).toEqual([
      'pending',
      'fetching',
      'calibrating',
      'building',
      'activating',
      'checking',
      'rolled-back',
    ]);
  });
});

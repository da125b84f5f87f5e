import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { until } from '@takt/testing';
import { readConfig } from '../src/config.js';
import { ControlStand } from './control-stand.js';
import { NodeStand, endWith } from './node-stand.js';
import { calibrationOf, contentIn, deploymentOf, releaseOf, slotOf } from './wanted.js';
import type { Content } from './wanted.js';

/** A control plane, a node that has not joined yet, and the files of a release. */
interface Here {
  readonly stand: ControlStand;
  readonly node: NodeStand;
  readonly content: Content;
  readonly joinArguments: readonly string[];
  readonly reaches: (deploymentId: string, state: string) => Promise<unknown>;
}

/** Each test has servers and processes of its own, so that several run at a time: they wait for most of theirs. */
const onNode =
  (test: (here: Here) => Promise<void>) =>
  async (context: TestContext): Promise<void> => {
    const stand = await ControlStand.start();
    context.onTestFinished(() => stand.destroy());
    const node = await NodeStand.create();
    endWith(context, node);
    await test({
      stand,
      node,
      content: await contentIn(stand),
      joinArguments: ['--server', stand.url, '--token', 'good-token'],
      reaches: (deploymentId, state) => until(`deployment is ${state}`, () => stand.stateOf(deploymentId) === state),
    });
  };

describe.concurrent('a node', () => {
  it(
    'joins, brings a first release to its line, and reports every state once',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const deployment = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, deployment)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await reaches(deployment.deploymentId, 'committed');
      expect(stand.deployments.get(deployment.deploymentId)).toEqual([
        'pending',
        'fetching',
        'building',
        'activating',
        'checking',
        'committed',
      ]);
      expect(stand.rejected).toEqual([]);
      expect(node.count('end-build')).toBe(1);
      const job = stand.reports.map(({ body }) => body).filter((body) => body.kind === 'job');
      expect(job.at(-1)).toMatchObject({ jobId: deployment.buildJobId, state: 'succeeded', result: { kind: 'build', reused: false } });
      expect(stand.reports.some(({ body }) => body.kind === 'facts')).toBe(true);
      await until('the journal is confirmed', () => readdirSync(join(node.data, 'agent', 'journal')).length === 0);
      expect(await node.endAgent('SIGTERM')).toBe(0);
      expect(statSync(join(node.data, 'identity', 'node.nk')).mode & 0o777).toBe(0o600);
    }),
  );

  it(
    'goes back from a release that does not pass, remembers its content, and refuses a renumbered copy',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const good = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, good)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await reaches(good.deploymentId, 'committed');
      const release = releaseOf(content, {
        name: 'worse',
        recipes: ['int8-library-default'],
        buildCheck: { waived: true, reason: 'trial' },
      });
      const bad = deploymentOf(release);
      await stand.want({ slots: [slotOf(content, bad)], jobs: [] });
      await reaches(bad.deploymentId, 'rolled-back');
      await stand.want({ slots: [slotOf(content, good)], jobs: [] });
      const copy = deploymentOf({ ...release, name: 'worse again' });
      await stand.want({ slots: [slotOf(content, copy)], jobs: [] });
      await reaches(copy.deploymentId, 'failed');
      const last = stand.reports
        .map(({ body }) => body)
        .findLast((body) => body.kind === 'deployment' && body.deploymentId === copy.deploymentId);
      expect(last).toMatchObject({ reason: 'FailedContent', message: expect.stringContaining(bad.deploymentId) as string });
      expect(node.count('end-build')).toBe(2);
      expect(node.command('forget')).toContain('1 failed contents');
      const again = deploymentOf({ ...release, name: 'worse once more' });
      await stand.want({ slots: [slotOf(content, again)], jobs: [] });
      await reaches(again.deploymentId, 'rolled-back');
    }),
  );

  it(
    'keeps a slower engine whose policy only reports it, does not hold it against the content, and takes a revert',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const good = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, good)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await reaches(good.deploymentId, 'committed');
      const slower = releaseOf(content, {
        name: 'slower',
        recipes: ['int8-library-default'],
        buildCheck: { waived: true, reason: 'trial' },
      });
      const reported = deploymentOf({ ...slower, health: { ...slower.health, onPerformanceBreach: 'report' } });
      await stand.want({ slots: [slotOf(content, reported)], jobs: [] });
      await reaches(reported.deploymentId, 'committed');
      const said = (deploymentId: string): unknown =>
        stand.reports.map(({ body }) => body).findLast((body) => body.kind === 'deployment' && body.deploymentId === deploymentId);
      expect(said(reported.deploymentId)).toMatchObject({ state: 'committed', reason: 'BreachReported', health: { outcome: 'fail' } });
      expect(existsSync(join(node.data, 'agent', 'failed-content.json'))).toBe(false);

      const revert = { ...deploymentOf(good.release), revert: true };
      await stand.want({ slots: [slotOf(content, revert)], jobs: [] });
      await reaches(revert.deploymentId, 'committed');
      const job = stand.reports.map(({ body }) => body).findLast((body) => body.kind === 'job' && body.jobId === revert.buildJobId);
      expect(job).toMatchObject({ state: 'succeeded', result: { reused: true } });
      expect(node.count('end-build')).toBe(2);
      const record = JSON.parse(readFileSync(join(node.data, 'lines', 'line-1', 'record.json'), 'utf8')) as { serving: unknown };
      expect(record.serving).toMatchObject({ deploymentId: revert.deploymentId, revert: true });

      // Nothing was held against it so far: with the loop on, the same content is tried, and then remembered for both policies.
      const again = deploymentOf(slower);
      await stand.want({ slots: [slotOf(content, again)], jobs: [] });
      await reaches(again.deploymentId, 'rolled-back');
      const third = deploymentOf({ ...slower, health: { ...slower.health, onPerformanceBreach: 'report' } });
      await stand.want({ slots: [slotOf(content, third)], jobs: [] });
      await reaches(third.deploymentId, 'failed');
      expect(said(third.deploymentId)).toMatchObject({ reason: 'FailedContent' });
      expect(node.count('end-build')).toBe(2);
    }),
  );

  it(
    'makes statistics for others, sends them, and waits for its own',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const job = calibrationOf(content);
      const release = releaseOf(content, { recipes: ['fp32', 'int8'], needsStatistics: true });
      const deployment = deploymentOf(release);
      await stand.want({ slots: [slotOf(content, deployment)], jobs: [job] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      const done = (): Extract<(typeof stand.reports)[number]['body'], { kind: 'job' }> | undefined =>
        stand.reports
          .map(({ body }) => body)
          .find((body) => body.kind === 'job' && body.jobId === job.jobId && body.state === 'succeeded') as never;
      await until('the calibration is reported', () => done() !== undefined);
      await reaches(deployment.deploymentId, 'calibrating');
      const result = done()?.result;
      if (result?.kind !== 'calibrate') throw new Error('expected statistics');
      expect(stand.files.get(result.statistics.digest)?.byteLength).toBe(result.statistics.sizeBytes);
      const ready = { ...deployment, release: { ...release, statistics: result.statistics } };
      await stand.want({ slots: [slotOf(content, ready)], jobs: [] });
      await reaches(deployment.deploymentId, 'committed');
      expect(stand.deployments.get(deployment.deploymentId)).toEqual([
        'pending',
        'fetching',
        'calibrating',
        'building',
        'activating',
        'checking',
        'committed',
      ]);
      expect(node.count('end-calibrate')).toBe(1);
    }),
  );

  it(
    'takes the same build for a second deployment of the same content',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const release = releaseOf(content);
      const first = deploymentOf(release);
      await stand.want({ slots: [slotOf(content, first)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await reaches(first.deploymentId, 'committed');
      const second = deploymentOf({ ...release, name: 'same again' });
      await stand.want({ slots: [slotOf(content, second)], jobs: [] });
      await reaches(second.deploymentId, 'committed');
      expect(node.count('end-build')).toBe(1);
      const job = stand.reports.map(({ body }) => body).findLast((body) => body.kind === 'job' && body.jobId === second.buildJobId);
      expect(job).toMatchObject({ state: 'succeeded', result: { reused: true } });
    }),
  );

  it(
    'stops a build that is not wanted any more',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      node.environment['TAKT_WORKER_TEST_MS'] = '60000';
      const slow = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, slow)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await until('the build runs', () => node.count('start-build') === 1);
      await stand.want({ slots: [slotOf(content, null)], jobs: [] });
      await reaches(slow.deploymentId, 'cancelled');
      await until('the worker is gone', () => node.liveWorkers().length === 0);
      expect(node.count('end-build')).toBe(0);
    }),
  );

  it(
    'says which unit to start when no runtime answers, and goes on when one does',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const deployment = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, deployment)], jobs: [] });
      node.startAgent(...joinArguments);
      const conditions = (): unknown[] =>
        stand.reports.map(({ body }) => body).filter((body) => body.kind === 'condition' && body.condition.type === 'RuntimeReachable');
      await until('the condition is reported', () => conditions().length === 1);
      expect(conditions()[0]).toMatchObject({ condition: { status: 'false', action: 'systemctl enable --now takt-runtime@line-1' } });
      await reaches(deployment.deploymentId, 'activating');
      node.startRuntime();
      await reaches(deployment.deploymentId, 'committed');
      expect(conditions()).toHaveLength(2);
    }),
  );

  it(
    "fails a deployment whose model cannot be built, with the worker's own words",
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      node.environment['TAKT_WORKER_TEST_FAIL'] = 'build';
      const deployment = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, deployment)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await reaches(deployment.deploymentId, 'failed');
      const last = stand.reports.map(({ body }) => body).findLast((body) => body.kind === 'deployment');
      expect(last).toMatchObject({ reason: 'ModelInvalid', error: { action: 'push another' } });
      expect(node.count('start-build')).toBe(1);
    }),
  );

  it(
    'fails a deployment whose model is not there any more, or is not what was announced',
    onNode(async ({ stand, node, content, joinArguments, reaches }) => {
      const gone = deploymentOf(
        releaseOf(content, {
          model: { name: 'x', version: '1', artifact: { ...content.model, digest: content.model.digest.replace(/.$/, '0') as never } },
        }),
      );
      await stand.want({ slots: [slotOf(content, gone)], jobs: [] });
      node.startRuntime();
      node.startAgent(...joinArguments);
      await reaches(gone.deploymentId, 'failed');
      stand.files.set(content.model.digest, Buffer.alloc(200_000, 'x'));
      const wrong = deploymentOf(releaseOf(content));
      await stand.want({ slots: [slotOf(content, wrong)], jobs: [] });
      await reaches(wrong.deploymentId, 'failed');
      const reasons = stand.reports.map(({ body }) => body).filter((body) => body.kind === 'deployment' && body.state === 'failed');
      expect(reasons.map((body) => body.kind === 'deployment' && body.reason)).toEqual(['DownloadRefused', 'ArtifactDigestMismatch']);
      expect(existsSync(join(node.data, 'artifacts', 'sha256', content.model.digest.slice(7)))).toBe(false);
    }),
  );
});

describe.concurrent('the journal', () => {
  it(
    'is delivered to its end although a report in it is damaged',
    onNode(async ({ stand, node, content, joinArguments }) => {
      stand.databaseDown = true;
      node.startAgent(...joinArguments);
      const journal = join(node.data, 'agent', 'journal');
      await stand.want({ slots: [slotOf(content, deploymentOf(releaseOf(content)))], jobs: [] });
      await until('some reports wait', () => existsSync(join(journal, '3.json')));
      await node.endAgent('SIGKILL');
      writeFileSync(join(journal, '2.json'), 'rubbish');
      await stand.restartNats({ wipe: true });
      stand.databaseDown = false;
      node.startAgent();
      const conditions = (): string[] =>
        stand.reports.flatMap(({ body }) =>
          body.kind === 'condition' && body.condition.type === 'ReportsComplete' ? [body.condition.reason] : [],
        );
      await until('everything is confirmed and the condition is true again', () => conditions().length === 2);
      expect(conditions()).toEqual(['ReportLost', 'Confirmed']);
      expect(stand.reports.map(({ seq }) => seq)).toEqual(stand.reports.map((_report, index) => index + 1));
    }),
  );
});

describe.concurrent('a broker that went back', () => {
  it(
    'changes nothing on the node, which says that it was shown an older generation',
    onNode(async ({ stand, node, content, joinArguments }) => {
      await stand.want({ slots: [], jobs: [] });
      const generation = await stand.want({ slots: [slotOf(content, null)], jobs: [] });
      node.startAgent(...joinArguments);
      const document = join(node.data, 'agent', 'desired.json');
      const followed = (): unknown =>
        existsSync(document) && (JSON.parse(readFileSync(document, 'utf8')) as { generation: number }).generation;
      await until('the generation is followed', () => followed() === generation);
      await stand.publishRaw({ generation: generation - 1 });
      const said = (): (readonly [string, string])[] =>
        stand.reports.flatMap(({ body }) =>
          body.kind === 'condition' && body.condition.type === 'DesiredStateAccepted'
            ? [[body.condition.status, body.condition.reason] as const]
            : [],
        );
      await until('the node says so', () => said().at(-1)?.[1] === 'OlderGeneration');
      expect(said().at(-1)?.[0]).toBe('false');
      expect(followed()).toBe(generation);
      await stand.want({ slots: [], jobs: [] });
      await until('a newer one ends it', () => said().at(-1)?.[0] === 'true');
      // Each confirm says which reports the node still has.
      for (const { firstSeq, lastSeq } of stand.confirmRequests) {
        expect(firstSeq).toBeGreaterThan(0);
        expect(firstSeq).toBeLessThanOrEqual(lastSeq as number);
      }
    }),
  );
});

describe.concurrent('identity', () => {
  it(
    'has the name that the node was given, and no name that cannot be one',
    onNode(async ({ node, joinArguments }) => {
      node.startAgent(...joinArguments, '--name', 'press-left');
      const identity = join(node.data, 'identity', 'identity.json');
      await until('its identity is on disk', () => existsSync(identity));
      expect(JSON.parse(readFileSync(identity, 'utf8'))).toMatchObject({ nodeName: 'press-left' });
      expect(() => readConfig(['join', '--data', '/x', '--name', 'Press Left'], {})).toThrow(/not usable: name/);
      expect(readConfig(['join', '--data', '/x'], { TAKT_NODE_NAME: 'press-right' }).name).toBe('press-right');
    }),
  );

  it(
    'is one node however often it joins, and the token is spent once',
    onNode(async ({ stand, node, joinArguments }) => {
      node.startAgent(...joinArguments);
      await until('it joined', () => stand.joins === 1);
      await until('its identity is on disk', () => existsSync(join(node.data, 'identity', 'identity.json')));
      await node.endAgent('SIGKILL');
      node.startAgent(...joinArguments);
      await until('it reports', () => stand.reports.length > 0);
      expect(stand.tokenUses).toBe(1);
      expect(stand.joins).toBe(1);
    }),
  );

  it(
    'comes back without a token after it was off for longer than its JWT lives',
    onNode(async ({ stand, node, content, joinArguments }) => {
      stand.jwtSeconds = 2;
      node.startAgent(...joinArguments);
      await until('its identity is on disk', () => existsSync(join(node.data, 'identity', 'identity.json')));
      await node.endAgent('SIGKILL');
      stand.jwtSeconds = 3600;
      const issued = statSync(join(node.data, 'identity', 'node.jwt')).mtimeMs;
      await until('the JWT ran out', () => Date.now() > issued + 3000);
      node.startAgent();
      await until('it joined again', () => stand.joins === 2);
      await stand.want({ slots: [slotOf(content, null)], jobs: [] });
      await until('it follows the desired state', () => existsSync(join(node.data, 'agent', 'desired.json')));
      expect(stand.tokenUses).toBe(1);
      expect(stand.joins).toBe(2);
    }),
  );

  it(
    'ends with a clear message where the token is not good',
    onNode(async ({ stand, node }) => {
      node.startAgent('--server', stand.url, '--token', 'wrong');
      await until('it ends', () => node.agentEnded);
      expect(node.agentLog()).toContain('JoinTokenInvalid');
    }),
  );

  it(
    'refuses a second agent in the same folder',
    onNode(async ({ stand, node, joinArguments }) => {
      node.startAgent(...joinArguments);
      await until('it reports', () => stand.reports.length > 0);
      const other = node.agentPid;
      const twin = await NodeStand.create();
      Object.assign(twin, { data: node.data });
      twin.startAgent();
      await until('the second ends', () => twin.agentEnded);
      expect(twin.agentLog()).toContain('AgentAlreadyRunning');
      await twin.destroy();
      expect(node.agentPid).toBe(other);
      expect(node.agentEnded).toBe(false);
    }),
  );
});

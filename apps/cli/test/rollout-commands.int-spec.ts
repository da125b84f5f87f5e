import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal, startContractServer } from './contract-server.js';
import type { ContractServer, Handlers } from './contract-server.js';
import { BAD, GOOD, HELD, gate, member, plan, rollout } from './rollout-views.js';
import type { Moment } from './rollout-views.js';
import { makeHome } from './run-takt.js';
import type { Home } from './run-takt.js';
import { event, explanation, uuid } from './views.js';

let home: Home;
let server: ContractServer | undefined;

beforeEach(async () => {
  home = await makeHome();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await home.remove();
});

async function serve(handlers: Handlers): Promise<Record<string, string>> {
  server = await startContractServer(handlers);
  return { TAKT_SERVER: server.url, TAKT_TOKEN: 'good-token' };
}

/** Each look sees the next moment; an event rings for it. */
const walk = (moments: readonly Moment[]): Handlers => {
  let asked = 0;
  return {
    createRollout: () => rollout(moments[0] as Moment),
    getRollout: () => rollout(moments[Math.min(asked++, moments.length - 1)] as Moment),
    streamEvents: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let seq = 1; seq < moments.length; seq += 1)
        setTimeout(() => response.write(`id: ${String(seq)}\nevent: event\ndata: ${JSON.stringify(event(seq))}\n\n`), seq * 300);
    },
  };
};

describe('rollout plan and start', () => {
  it('sends target and policy as they were named', async () => {
    const environment = await serve({ planRollout: () => plan, createRollout: () => rollout(GOOD[0] as Moment) });
    const words = [
      'strip-2',
      '--site',
      'north',
      '--node',
      'a,b',
      '--canary',
      '1',
      '--waves',
      '25%,100%',
      '--soak',
      '10m',
      '--max-soak',
      '1h',
    ];
    const more = ['--max-concurrent', '5', '--approval', 'after-canary', '--max-p95-increase', '50%'];
    const body = {
      release: 'strip-2',
      target: { sites: ['north'], nodes: ['a', 'b'] },
      policy: {
        waves: [
          { kind: 'nodes', perProfile: 1 },
          { kind: 'percent', upTo: 25 },
          { kind: 'percent', upTo: 100 },
        ],
        soakSeconds: 600,
        maxSoakSeconds: 3600,
        maxConcurrent: 5,
        approval: 'after-canary',
        gate: { maxServiceTimeP95Increase: 0.5 },
      },
      supersede: false,
    };
    const planned = await home.takt(['rollout', 'plan', ...words, ...more], environment);
    expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
    expect(server?.requests.at(-1)).toMatchObject({ name: 'planRollout', body });
    expect(planned.stdout).toMatch(/canary +node-1 +north +x64-avx2-2c +online/);
    expect(planned.stdout).toMatch(/node-4 +north +FailedContent +the same content failed there/);
    expect(planned.stdout).toContain('Unfinished rollouts share nodes with it: strip-1-3');
    const started = await home.takt(['rollout', 'start', ...words, ...more, '--supersede'], environment);
    expect(started.exitCode).toBe(0);
    expect(server?.requests.at(-1)).toMatchObject({ name: 'createRollout', body: { ...body, supersede: true } });
    expect(started.stdout).toMatch(/Watch it with: takt rollout watch strip-2-1$/);
  });

  it('asks why the local loop is switched off', async () => {
    const environment = await serve({ createRollout: () => rollout(GOOD[0] as Moment) });
    const off = ['rollout', 'start', 'strip-2', '--local-rollback', 'report'];
    expect(await home.takt(off, environment)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--reason TEXT') as string });
    expect(server?.requests).toHaveLength(0);
    expect(await home.takt([...off, '--reason', 'trial of the gate'], environment)).toMatchObject({ exitCode: 0 });
    expect(server?.requests.at(-1)?.body).toMatchObject({
      policy: { localRollback: { onPerformanceBreach: 'report', reason: 'trial of the gate' } },
    });
  });

  it('shows the code and the next step where it is refused', async () => {
    const environment = await serve({
      createRollout: () => {
        throw new Refusal(409, 'RolloutConflict', 'strip-1-3 moves the same nodes');
      },
    });
    expect(await home.takt(['rollout', 'start', 'strip-2'], environment)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: '✗ strip-1-3 moves the same nodes\ncode: RolloutConflict\nNext: do the next thing',
    });
  });
});

describe('rollout watch', () => {
  it('shows waves, nodes and gate numbers as they come, and succeeds only when the rollout did', async () => {
    const environment = await serve(walk(GOOD));
    const done = await home.spawn(['rollout', 'start', 'strip-2', '--watch'], environment);
    expect(done.exitCode).toBe(0);
    expect(done.stdout).toBe('✓ rollout strip-2-1 succeeded after 1 min 20 s: 3 succeeded, 1 excluded');
    const news = done.stderr.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''));
    expect(news.filter((line) => !line.includes('░') && !line.includes('█'))).toEqual([
      'rollout strip-2-1: release strip-2 to 3 nodes in 2 waves',
      'canary  moving  1 working',
      'node-1 (north, line-1)  working',
      'node-4 (north, line-4)  excluded  FailedContent: because of FailedContent',
      'canary  soaking  1 succeeded',
      'node-1 (north, line-1)  succeeded',
      'gate canary, x64-avx2-2c  running  p50 +1.0 % (-1.0 % to +3.0 %, allowed +10.0 %)',
      'canary  passed  1 succeeded',
      'wave 2  moving  2 working',
      'node-2 (north, line-2)  working',
      'node-3 (north, line-3)  working',
      'gate canary, x64-avx2-2c  successful  WithinMargins: p50 +1.2 % (-0.8 % to +3.2 %, allowed +10.0 %)',
      'wave 2  passed  2 succeeded',
      'node-2 (north, line-2)  succeeded',
      'node-3 (north, line-3)  succeeded',
      'gate wave 2, x64-avx2-2c  successful  WithinMargins: p50 -3.0 % (-5.0 % to -1.0 %, allowed +10.0 %)',
      'rollout strip-2-1  succeeded',
    ]);
    expect(done.stderr).toContain('canary of 2 soaking');
    expect(done.stderr).toContain('x64-avx2-2c: the soak time is not over');
  });

  it('fails when it went back, says why, and names the next step', async () => {
    const environment = await serve(walk(BAD));
    const done = await home.takt(['rollout', 'watch', 'strip-2-1', '--json'], environment);
    expect(done.exitCode).toBe(1);
    expect(JSON.parse(done.stdout)).toMatchObject({ phase: 'rolled-back', gates: [{ outcome: 'failed' }] });
    expect(done.stderr).toContain('gate canary, x64-avx2-2c  failed  ServiceTimeP50: p50 +94.0 % (+92.0 % to +96.0 %, allowed +10.0 %)');
    expect(done.stderr).toContain('rollout strip-2-1  rolling-back');
    expect(done.stderr).toMatch(/Next: takt explain rollout strip-2-1$/);
    const again = await home.takt(['rollout', 'watch', 'strip-2-1'], environment);
    expect(again.stdout).toBe(
      '✗ rollout strip-2-1 rolled-back after 1 min 20 s: 2 pending, 1 rolled-back, 1 excluded. service-time p50 changed by 0.94',
    );
  });

  it('ends at a hold where that is asked for, and goes on waiting where it is not', async () => {
    const held = await serve(walk([GOOD[0] as Moment, HELD]));
    const done = await home.takt(['rollout', 'watch', 'strip-2-1', '--exit-on-hold'], held);
    expect(done.exitCode).toBe(1);
    expect(done.stdout).toContain('held');
    expect(done.stderr).toContain('GateInconclusive: the gate of the canary could not decide');
    expect(done.stderr).toContain('Next: takt rollout resume strip-2-1');
    await server?.stop();
    const resumed = await serve(walk([HELD, GOOD.at(-1) as Moment]));
    expect(await home.takt(['rollout', 'watch', 'strip-2-1'], resumed)).toMatchObject({ exitCode: 0 });
  });

  it('looks again by itself where no event comes, and counts nodes where many move', async () => {
    const many = (bucket: 'pending' | 'succeeded') => Array.from({ length: 30 }, (_, index) => member(index, 0, bucket));
    const { getRollout = () => undefined } = walk([
      { steps: ['moving'], members: many('pending') },
      { phase: 'succeeded', steps: ['passed'], members: many('succeeded') },
    ]);
    const environment = await serve({ getRollout });
    const done = await home.takt(['rollout', 'watch', 'strip-2-1'], environment);
    expect(done.exitCode).toBe(0);
    expect(done.stderr).toContain('30 nodes moved on: 30 succeeded');
  });

  it('stops on Ctrl-C with exit code 130', async () => {
    const environment = await serve(walk([GOOD[0] as Moment]));
    const running = home.start(['rollout', 'watch', 'strip-2-1'], environment);
    await new Promise<void>(
      (seen) =>
        void running.stderr?.once('data', () => {
          seen();
        }),
    );
    running.kill('SIGINT');
    expect(await running).toMatchObject({ exitCode: 130, stdout: '', stderr: expect.stringMatching(/Cancelled\.$/) as string });
  });
});

describe('rollout list, show and explain', () => {
  const handlers: Handlers = {
    listRollouts: () => ({ items: [rollout(BAD[2] as Moment)] }),
    getRollout: () => rollout(BAD[2] as Moment),
    explainRollout: () => ({ ...explanation, object: { ...explanation.object, kind: 'rollout' } }),
    explainGate: () => ({ ...explanation, object: { ...explanation.object, kind: 'gate' } }),
  };

  it('print one JSON document and nothing else with --json, and plain text without', async () => {
    const environment = await serve(handlers);
    for (const command of [
      ['rollout', 'list'],
      ['rollout', 'show', 'latest'],
      ['explain', 'rollout', 'latest'],
      ['explain', 'gate', 'strip-2-1/1'],
    ]) {
      const json = await home.takt([...command, '--json'], environment);
      expect({ command, exitCode: json.exitCode, stderr: json.stderr }).toEqual({ command, exitCode: 0, stderr: '' });
      expect(JSON.parse(json.stdout)).toBeTypeOf('object');
      const text = await home.takt(command, environment);
      expect(text).toMatchObject({ exitCode: 0, stderr: '' });
      expect(text.stdout).not.toMatch(/\u001B|\[object|undefined|NaN/);
    }
  });

  it('show waves, nodes with their reason, and each gate with its numbers', async () => {
    const { stdout } = await home.takt(['rollout', 'show', 'strip-2-1'], await serve(handlers));
    expect(stdout).toMatch(/canary +failed +1 rolled-back/);
    expect(stdout).toMatch(/node-1 +north +line-1 +x64-avx2-2c +canary +rolled-back +GateFailed +because of GateFailed/);
    expect(stdout).toContain('Gate strip-2-1/1/x64-avx2-2c: failed (ServiceTimeP50, decided by gate)');
    expect(stdout).toMatch(/ServiceTimeP50 +control and past +\+94\.0 % +\+92\.0 % to \+96\.0 % +\+10\.0 % +failed/);
    expect(stdout).toMatch(/updated after +1 +400 +24\.3/);
    expect(stdout).toMatch(/Local rollback +on/);
  });

  it('find a gate by rollout, wave and profile', async () => {
    const environment = await serve({
      ...handlers,
      getRollout: () => rollout({ ...(GOOD.at(-1) as Moment), gates: [gate(0, 'successful', 0), gate(1, 'successful', 0)] }),
    });
    for (const [given, id] of [
      ['strip-2-1', uuid(0x91)],
      ['strip-2-1/canary', uuid(0x90)],
      ['strip-2-1/1/x64-avx2-2c', uuid(0x90)],
      [uuid(0x92), uuid(0x92)],
    ] as const) {
      await home.takt(['explain', 'gate', given], environment);
      expect(server?.requests.at(-1)).toMatchObject({ name: 'explainGate', params: { id } });
    }
    expect(await home.takt(['explain', 'gate', 'strip-2-1/7'], environment)).toMatchObject({
      exitCode: 1,
      stderr: '✗ rollout strip-2-1 has no gate 7\ncode: GateUnknown\nNext: see its waves and gates with: takt rollout show strip-2-1',
    });
  });

  it('pass filters on', async () => {
    const environment = await serve(handlers);
    await home.takt(['rollout', 'list', '--active', '--node', 'node-1', '--limit', '3'], environment);
    expect(server?.requests.at(-1)?.query).toEqual({ active: true, node: 'node-1', limit: 3 });
  });
});

describe('what an operator asks of a rollout', () => {
  it.each(['pause', 'resume', 'approve', 'abort', 'rollback'])('%s goes with its reason', async (verb) => {
    const environment = await serve({ [`${verb}Rollout`]: () => rollout(HELD) });
    const done = await home.takt(['rollout', verb, 'strip-2-1', '--reason', 'shift ends'], environment);
    expect(done).toMatchObject({ exitCode: 0, stderr: '', stdout: 'Rollout strip-2-1 is held: the gate of the canary could not decide.' });
    expect(server?.requests.at(-1)).toMatchObject({ params: { ref: 'strip-2-1' }, body: { reason: 'shift ends' } });
    expect(await home.takt(['rollout', verb, 'strip-2-1', '--json'], environment)).toMatchObject({ exitCode: 0 });
    expect(server?.requests.at(-1)?.body).toEqual({ reason: null });
  });

  it('changes the policy with a reason, and only then', async () => {
    const environment = await serve({ changeRolloutPolicy: () => rollout(GOOD[0] as Moment) });
    const done = await home.takt(['rollout', 'policy', 'strip-2-1', '--soak', '20m', '--reason', 'noisy shift'], environment);
    expect(done.exitCode).toBe(0);
    expect(server?.requests.at(-1)?.body).toEqual({ policy: { soakSeconds: 1200 }, reason: 'noisy shift' });
    expect(done.stdout).toMatch(/Soak +10 min, decided within 1 h/);
    for (const words of [
      ['--soak', '20m'],
      ['--reason', 'x'],
    ])
      expect(await home.takt(['rollout', 'policy', 'strip-2-1', ...words], environment)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

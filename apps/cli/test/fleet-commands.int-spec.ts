import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal, startContractServer } from './contract-server.js';
import type { ContractServer, Handlers } from './contract-server.js';
import { makeHome } from './run-takt.js';
import type { Home } from './run-takt.js';
import { RAW, poisonedHandlers } from './poison.js';
import { controlPlaneHealth, deployment, detail, event, explanation, line, node, slot, status, uuid } from './views.js';

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

/** Serves the handlers and gives the environment that points `takt` there. */
async function serve(handlers: Handlers): Promise<Record<string, string>> {
  server = await startContractServer(handlers);
  return { TAKT_SERVER: server.url, TAKT_TOKEN: 'good-token' };
}

const AT = '2026-11-23T10:00:00.000Z';
const ref = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

describe('login', () => {
  const login: Handlers = {
    login: ({ body }) => {
      if ((body as { code: string }).code !== 'ABCD') throw new Refusal(401, 'LoginCodeUnknown', 'the code is not known or was used');
      return { token: 'good-token', actor: 'admin', role: 'admin', expiresAt: null };
    },
    status: () => status,
  };

  it('keeps server and token for the next command, readable by the owner only', async () => {
    const { TAKT_SERVER } = await serve(login);
    const done = await home.spawn(['login', '--code', 'ABCD', '--server', TAKT_SERVER ?? '']);
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(done.stdout).not.toContain('good-token');
    const file = join(home.path, '.config', 'takt', 'credentials.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(home.path, '.config', 'takt'))).toEqual(['credentials.json']);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ server: TAKT_SERVER, token: 'good-token', actor: 'admin' });
    expect(await home.spawn(['status', '--json'])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\{[^]*\}$/) as string,
    });
  });

  it('stores nothing when the code is refused', async () => {
    const environment = await serve(login);
    const done = await home.spawn(['login', '--code', 'USED', '--server', environment['TAKT_SERVER'] ?? '']);
    expect(done).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: '✗ the code is not known or was used\ncode: LoginCodeUnknown\nNext: do the next thing',
    });
    await expect(stat(join(home.path, '.config'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('asks for a code where nobody can be asked', async () => {
    expect(await home.spawn(['login'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('code: LoginCodeMissing') as string });
  });

  it('never sends a stored token to another server', async () => {
    const environment = await serve(login);
    await home.takt(['login', '--code', 'ABCD', '--server', environment['TAKT_SERVER'] ?? '']);
    const other = await startContractServer({ status: () => status });
    try {
      const done = await home.takt(['status', '--server', other.url]);
      expect(done).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('code: NotLoggedIn') as string });
      expect(other.requests).toHaveLength(0);
    } finally {
      await other.stop();
    }
  });

  it('says what to do about a credentials file that is none', async () => {
    await mkdir(join(home.path, 'takt'), { recursive: true });
    await writeFile(join(home.path, 'takt', 'credentials.json'), '{"token":');
    const done = await home.takt(['status'], { XDG_CONFIG_HOME: home.path });
    expect(done).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('code: CredentialsInvalid') as string });
  });
});

describe('lists and views', () => {
  const handlers: Handlers = {
    status: () => status,
    health: () => controlPlaneHealth,
    listNodes: () => ({ items: [node] }),
    getNode: () => node,
    listSlots: () => ({ items: [slot] }),
    listLines: () => ({ items: [line] }),
    getLine: () => line,
    listSites: () => ({ items: [{ id: uuid(1), name: 'north', createdAt: AT }] }),
    listModels: () => ({ items: [] }),
    listDatasets: () => ({ items: [] }),
    listReleases: () => ({ items: [] }),
    listDeployments: () => ({ items: [deployment('committed')] }),
    getDeployment: () => detail(['pending', 'building', 'checking', 'rolled-back']),
    listJobs: () => ({ items: [] }),
    listEvents: () => ({ items: [event(2), event(1)] }),
    explainNode: () => ({ ...explanation, object: { ...explanation.object, kind: 'node' } }),
    explainDeployment: () => explanation,
  };
  const commands = [
    ['status'],
    ['health'],
    ['nodes'],
    ['nodes', 'show', 'node-a'],
    ['sites'],
    ['lines'],
    ['lines', 'show', 'line-1'],
    ['slots'],
    ['models'],
    ['datasets'],
    ['releases'],
    ['deployments'],
    ['deployments', 'show', 'latest'],
    ['jobs'],
    ['events'],
    ['explain', 'node', 'node-a'],
    ['explain', 'deployment', uuid(0xd1).slice(0, 8)],
  ];

  it('print one JSON document and nothing else with --json, and plain text without', async () => {
    const environment = await serve(handlers);
    for (const command of commands) {
      const json = await home.takt([...command, '--json'], environment);
      expect({ command, exitCode: json.exitCode, stderr: json.stderr }).toEqual({ command, exitCode: 0, stderr: '' });
      expect(JSON.parse(json.stdout), command.join(' ')).toBeTypeOf('object');
      const text = await home.takt(command, environment);
      expect({ command, exitCode: text.exitCode, stderr: text.stderr }).toEqual({ command, exitCode: 0, stderr: '' });
      expect(text.stdout, command.join(' ')).not.toMatch(/\u001B|\[object|undefined|NaN/);
      expect(text.stdout.split('\n').filter((row) => row !== row.trimEnd())).toEqual([]);
    }
  });

  it('let no control character of a name or message reach the terminal, and no line of it pass for one of takt', async () => {
    const plain = await serve(handlers);
    const lines: number[] = [];
    for (const command of commands) lines.push((await home.takt(command, plain)).stdout.split('\n').length);
    await server?.stop();
    const environment = await serve(poisonedHandlers(handlers));
    for (const [at, command] of commands.entries()) {
      const text = await home.takt(command, environment);
      expect(text.stdout + text.stderr, command.join(' ')).not.toMatch(RAW);
      expect(text.stdout.split('\n').length, text.stdout).toBe(lines[at]);
      const json = await home.takt([...command, '--json'], environment);
      expect(json.stdout, command.join(' ')).not.toMatch(RAW);
      expect(() => JSON.parse(json.stdout) as unknown, command.join(' ')).not.toThrow();
    }
    const shown = await home.takt(['explain', 'node', 'node-a'], environment);
    expect(shown.stdout).toContain('went back x\\u{1b}[2J\\u{1b}]8;;http://evil\\u{7}y\\u{9b}2J\\u{202e}z\\u{d}\\u{d800}');
  });

  it('explain a deployment with reason, numbers, candidates and one action', async () => {
    const environment = await serve(handlers);
    const { stdout } = await home.takt(['explain', 'deployment', 'latest'], environment);
    expect(stdout).toContain('reason: ServiceTimeP50');
    expect(stdout).toMatch(/serviceP50Ms +25\.1/);
    expect(stdout).toMatch(/ServiceTimeP50 +25\.1 +13\.8 +ms +no/);
    expect(stdout).toMatch(/int8 +2 spin +6\.25 .* 0\.9000 +0\.6100 +0\.20 +2\.0 MiB +chosen/);
    expect(stdout.match(/^Next: /gm)).toHaveLength(1);
    const json = JSON.parse((await home.takt(['explain', 'deployment', 'latest', '--json'], environment)).stdout) as {
      candidates: unknown[];
      figures: Record<string, unknown>;
    };
    expect(json.candidates).toHaveLength(2);
    expect(json.figures['serviceP50Ms']).toBe(25.1);
  });

  it('show live figures in the status', async () => {
    const { stdout } = await home.takt(['status'], await serve(handlers));
    expect(stdout).toContain('1 of 2 nodes online · 1 job running, 0 queued · 2 unreferenced files, 3.0 MiB · takt 0.1.0');
    expect(stdout).toMatch(/north +line-1 +node-a +strip +strip-1 +int8 +7\.5 +7\.5 +6\.31 +7\.20 +3 +0/);
  });

  it('show each part of the control plane and since when it is as it is', async () => {
    const { stdout } = await home.takt(['health'], await serve(handlers));
    expect(stdout).toContain('control plane degraded · takt 0.1.0');
    expect(stdout).toMatch(/heartbeats +failing +Failing +2026-01-01T00:00:00\.000Z +no table/);
  });

  it('pass filters on', async () => {
    const environment = await serve(handlers);
    await home.takt(['deployments', '--node', 'node-a', '--state', 'committed', '--limit', '3'], environment);
    expect(server?.requests.at(-1)?.query).toEqual({ node: 'node-a', state: 'committed', limit: 3 });
  });
});

describe('changes', () => {
  it('send what was named', async () => {
    const environment = await serve({
      createSite: () => ({ id: uuid(1), name: 'north', createdAt: AT }),
      createLine: () => line,
      getLine: () => line,
      updateLine: () => line,
      createSlot: () => slot,
      createJoinToken: () => ({ id: uuid(2), site: 'north', uses: 3, usesLeft: 3, createdAt: AT, expiresAt: AT, token: 'join-secret' }),
      cancelDeployment: () => deployment('cancelled'),
    });
    const run = async (...args: string[]): Promise<unknown> => {
      const done = await home.takt(args, environment);
      expect(done).toMatchObject({ exitCode: 0, stderr: '' });
      return server?.requests.at(-1)?.body;
    };
    expect(await run('sites', 'create', 'north')).toEqual({ name: 'north' });
    expect(
      await run('lines', 'create', 'line-1', '--site', 'north', '--required-fps', '7.5', '--fps', '8', '--frames-dataset', 'frames'),
    ).toEqual({
      site: 'north',
      slug: 'line-1',
      requiredFps: 7.5,
      source: { kind: 'image-directory', fps: 8, dataset: 'frames' },
    });
    expect(await run('lines', 'set', 'line-1', '--fps', '12')).toEqual({
      source: { kind: 'image-directory', fps: 12, dataset: uuid(0xf1) },
    });
    expect(await run('lines', 'set', 'line-1', '--frames-path', '/data')).toEqual({
      source: { kind: 'image-directory', fps: 8, path: '/data' },
    });
    expect(await run('lines', 'set', 'line-1', '--required-fps', '3', '--name', 'L')).toEqual({ requiredFps: 3, name: 'L' });
    expect(await run('slots', 'create', '--line', 'line-1', '--node', 'node-a', '--model', 'strip')).toEqual({
      line: 'line-1',
      node: 'node-a',
      model: 'strip',
    });
    expect(await run('join-token', 'create', '--site', 'north', '--uses', '3', '--expires', '5')).toEqual({
      site: 'north',
      uses: 3,
      expiresInMinutes: 5,
    });
    await run('deployments', 'cancel', uuid(0xd1));
    expect(server?.requests.at(-1)).toMatchObject({ name: 'cancelDeployment', params: { id: uuid(0xd1) } });
  });

  it('make a release with its recipes, budget, waiver and bounds', async () => {
    const environment = await serve({
      createRelease: ({ body }) => {
        const given = body as { name: string; recipes: string[]; accuracyBudgetPoints: number; waiveBuildCheck: string | null };
        return {
          id: uuid(0xe1),
          name: given.name,
          model: { id: uuid(3), name: 'strip', version: '1' },
          golden: { id: uuid(4), name: 'golden' },
          calibration: null,
          needsStatistics: false,
          recipes: given.recipes,
          threads: [1, 2],
          accuracyBudgetPoints: given.accuracyBudgetPoints,
          buildCheck: { waived: true, reason: given.waiveBuildCheck },
          health: {
            windowFrames: 60,
            maxWindowFrames: 400,
            soloFrames: 60,
            maxServiceTimeIncrease: 0.1,
            maxErrorRate: 0.01,
            maxAttempts: 3,
            deadlineMs: 180_000,
          },
          profiles: null,
          createdAt: AT,
        };
      },
    });
    const args = [
      'releases',
      'create',
      'slow',
      '--model',
      'strip@1',
      '--golden',
      'golden',
      '--recipes',
      'int8-library-default',
      '--threads',
      '1,2',
      '--budget',
      '1.5',
    ];
    const done = await home.takt([...args, '--waive-build-check', 'to see it go back', '--window-frames', '60'], environment);
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(server?.requests[0]?.body).toEqual({
      name: 'slow',
      model: 'strip@1',
      golden: 'golden',
      calibration: null,
      recipes: ['int8-library-default'],
      threads: [1, 2],
      accuracyBudgetPoints: 1.5,
      waiveBuildCheck: 'to see it go back',
      health: { windowFrames: 60, onPerformanceBreach: 'roll-back' },
      profiles: null,
    });
    expect(done.stdout).toContain('waived: to see it go back');
  });

  it('push a model and a data set as files of known digest', async () => {
    const stored = new Map<string, number>();
    const environment = await serve({
      checkUpload: (_, response) => response.writeHead(204).end(),
      putArtifact: ({ params, query, bytes }) => {
        stored.set(params['digest'] ?? '', bytes);
        return { digest: params['digest'], sizeBytes: bytes, fileName: query['fileName'] };
      },
      createModel: ({ body }) => {
        const { name, version, artifact } = body as { name: string; version: string; artifact: string };
        return {
          id: uuid(5),
          name,
          version,
          artifact: { digest: artifact, sizeBytes: stored.get(artifact) ?? -1, fileName: 'm.onnx' },
          info: { opset: 17, producer: 'p', graphNodes: 1, inputs: [], outputs: [], metadata: {} },
          createdAt: AT,
        };
      },
      createDataset: ({ body }) => {
        const { name, role, artifact } = body as { name: string; role: string; artifact: string };
        return {
          id: uuid(6),
          name,
          role,
          artifact: { digest: artifact, sizeBytes: stored.get(artifact) ?? -1, fileName: 'd.tar' },
          images: 2,
          createdAt: AT,
        };
      },
    });
    await writeFile(join(home.path, 'm.onnx'), 'model bytes');
    const model = await home.spawn(['model', 'push', 'm.onnx', '--name', 'strip', '--version', '1', '--json'], environment);
    expect(JSON.parse(model.stdout)).toMatchObject({
      name: 'strip',
      version: '1',
      artifact: { digest: ref('model bytes'), sizeBytes: 11 },
    });

    const push = async (folder: string, name: string): Promise<string> => {
      const done = await home.spawn(['dataset', 'push', folder, '--as', 'calibration', '--name', name, '--json'], environment);
      expect(done.exitCode).toBe(0);
      return (JSON.parse(done.stdout) as { artifact: { digest: string } }).artifact.digest;
    };
    for (const [folder, names] of [
      ['one', ['a.jpg', 'b.jpg']],
      ['two', ['b.jpg', 'a.jpg']],
    ] as const) {
      await mkdir(join(home.path, folder));
      for (const name of names) await writeFile(join(home.path, folder, name), name);
    }
    expect(await push('one', 'first')).toBe(await push('two', 'second'));
    expect((await readdir(home.path)).filter((name) => name.startsWith('takt-'))).toEqual([]);

    const golden = await home.spawn(['dataset', 'push', 'one', '--as', 'golden', '--name', 'g'], environment);
    expect(golden).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('code: DatasetLayoutInvalid') as string });
    const none = await home.spawn(['model', 'push', 'none.onnx', '--name', 'strip', '--version', '1'], environment);
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('code: FileUnreadable') as string });
  });
});

describe('deploy', () => {
  /** Each time it is asked the deployment is one state further. */
  const walk = (states: Parameters<typeof detail>[0], outage = 0): Handlers => {
    let asked = 0;
    return {
      createDeployments: () => ({ items: [deployment('pending')] }),
      getDeployment: () => {
        asked++;
        if (asked > 1 && asked <= 1 + outage) throw Object.assign(new Refusal(503, 'NotReady', 'starting'), { document: () => 'starting' });
        return detail(states.slice(0, Math.min(asked - outage, states.length)));
      },
    };
  };

  it('shows each state and the progress, and succeeds only when it is committed', async () => {
    const environment = await serve(walk(['pending', 'fetching', 'building', 'checking', 'committed']));
    const done = await home.spawn(['deploy', 'strip-1', '--node', 'node-a', '--watch'], environment);
    expect(done.exitCode).toBe(0);
    expect(server?.requests[0]?.body).toEqual({ release: 'strip-1', node: 'node-a' });
    const lines = done.stderr.split('\n');
    expect(lines.flatMap((text) => /line-1@node-a {2}(\S+) {2}now/.exec(text)?.[1] ?? [])).toEqual([
      'pending',
      'fetching',
      'building',
      'checking',
      'committed',
    ]);
    expect(lines.filter((text) => text.includes('40 %  ETA 20 s  measuring fp32'))).toHaveLength(1);
    expect(done.stdout).toBe(
      '✓ line-1@node-a committed: int8 · onnxruntime 1.30.0 · 2 threads, spinning; service time p50 12.5 → 6.25 ms, p95 14.2 → 7.10 ms',
    );
  });

  it('fails with the figures when the node went back, and names the next step', async () => {
    const environment = await serve(walk(['pending', 'checking', 'rolled-back']));
    const done = await home.takt(['deploy', 'strip-1', '--line', 'line-1', '--watch'], environment);
    expect(done.exitCode).toBe(1);
    expect(done.stdout).toContain('rolled-back (ServiceTimeP50)');
    expect(done.stdout).toContain('back on the previous engine in 0.84 s');
    expect(done.stderr).toContain(`Next: takt explain deployment ${uuid(0xd1)}`);
    const json = await home.takt(['deploy', 'strip-1', '--line', 'line-1', '--watch', '--json'], environment);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject([{ state: 'rolled-back', reason: 'ServiceTimeP50' }]);
  });

  it('waits for a control plane that is away for a moment', async () => {
    const environment = await serve(walk(['pending', 'committed'], 2));
    const done = await home.takt(['deploy', 'strip-1', '--node', 'node-a', '--watch'], environment);
    expect(done.exitCode).toBe(0);
    expect(done.stderr.match(/waiting for it/g)).toHaveLength(1);
  });

  it('takes the beginning of a slot id', async () => {
    const environment = await serve({
      listSlots: () => ({ items: [slot] }),
      createDeployments: () => ({ items: [deployment('pending')] }),
    });
    expect(await home.takt(['deploy', 'strip-1', '--slot', '00000051'], environment)).toMatchObject({ exitCode: 0 });
    expect(server?.requests.at(-1)?.body).toEqual({ release: 'strip-1', slot: uuid(0x51) });
  });

  it('stops watching on Ctrl-C with exit code 130', async () => {
    const environment = await serve(walk(['pending']));
    const running = home.start(['deploy', 'strip-1', '--node', 'node-a', '--watch'], environment);
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

describe('events --follow', () => {
  it('prints what was, then what happens, one JSON document per line', async () => {
    const environment = await serve({
      listEvents: () => ({ items: [event(2), event(1)] }),
      streamEvents: ({ query }, response) => {
        expect(query).toEqual({ after: 2 });
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`id: 3\nevent: event\ndata: ${JSON.stringify(event(3, 'DeploymentRolledBack'))}\n\n`);
      },
    });
    const running = home.start(['events', '--follow', '--json'], environment);
    let text = '';
    await new Promise<void>(
      (seen) =>
        void running.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.split('\n').length > 3) seen();
        }),
    );
    running.kill('SIGTERM');
    const done = await running;
    expect(done.exitCode).toBe(130);
    expect(
      text
        .trim()
        .split('\n')
        .map((row) => (JSON.parse(row) as { seq: number }).seq),
    ).toEqual([1, 2, 3]);
  });
});

describe('errors', () => {
  it('of the server: message, code and next step on stderr, exit 1', async () => {
    const environment = await serve({
      getNode: () => {
        throw new Refusal(404, 'NodeUnknown', 'there is no node x');
      },
    });
    for (const flags of [[], ['--json']]) {
      expect(await home.takt(['nodes', 'show', 'x', ...flags], environment)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: '✗ there is no node x\ncode: NodeUnknown\nNext: do the next thing',
      });
    }
  });

  it('of a server that is not there', async () => {
    const done = await home.spawn(['status'], { TAKT_SERVER: 'http://127.0.0.1:1', TAKT_TOKEN: 't' });
    expect(done).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/code: ControlPlaneUnreachable\nNext: start it/) as string,
    });
  });

  it('of a token that is not known', async () => {
    const environment = await serve({ status: () => status });
    expect(await home.takt(['status'], { ...environment, TAKT_TOKEN: 'bad' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('code: TokenUnknown') as string,
    });
  });

  it.each([
    [['nope']],
    [['nodes', 'show']],
    [['status', '--wrong']],
    [['deploy', 'r']],
    [['deploy', 'r', '--node', 'a', '--line', 'b']],
    [['releases', 'create', 'x']],
    [['dataset', 'push', 'd', '--as', 'other', '--name', 'n']],
    [['events', '--limit', '0']],
    [['lines', 'create', 'l', '--site', 's', '--required-fps', '1', '--fps', '1']],
    [['evaluate', '--model', 'm']],
    [['evaluate', '--model', 'm', '--ground-truth', 'g', '--detections', 'd']],
    [['bench']],
    [['quantize', '--model', 'm']],
    [['login', 'x']],
  ])('of usage: %j', async (args) => {
    const done = await home.takt(args, { TAKT_TOKEN: 't' });
    expect(done).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/^✗ [^]*\ncode: UsageInvalid\nNext: /) as string });
    expect(done.stderr).not.toMatch(/\n\s+at /);
  });

  it('are the same from the process itself', async () => {
    const usage = await home.spawn(['deploy', 'r'], { TAKT_TOKEN: 't' });
    expect(usage).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('code: UsageInvalid') as string });
    expect(await home.spawn(['status'], { TAKT_SERVER: 'no address' })).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('code: ConfigInvalid') as string,
    });
    expect(await home.spawn(['--help'])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Usage: takt/) as string,
    });
  });

  it('has help on stdout, whole and of each command, with exit 0', async () => {
    for (const args of [['--help'], ['deploy', '--help'], ['lines', 'set', '--help']]) {
      const done = await home.takt(args);
      expect(done).toMatchObject({ exitCode: 0, stderr: '' });
      expect(done.stdout).toMatch(/^Usage: takt/);
    }
  });
});

import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentDetail, Explanation, StatusView } from '@takt/contracts';
import { sampleGoldenFolder } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostStack, eventually, root } from './fleet/host-stack.js';

/**
 * An operator with nothing but the command line: from an empty control plane to a line that serves, keeps an equal model and
 * goes back from a merely larger one. Nothing tells takt which of the models is the worse.
 */
let stack: HostStack;
let home: string;

beforeAll(async () => {
  stack = await HostStack.start();
  home = await mkdtemp(join(tmpdir(), 'takt-operator-'));
});
afterAll(async () => {
  await stack.stop();
  await rm(home, { recursive: true, force: true });
});

interface Done {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const takt = async (...args: string[]): Promise<Done> => {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(root, 'apps', 'cli', 'bin', 'takt.mjs'), ...args], {
    reject: false,
    extendEnv: false,
    cwd: home,
    env: { HOME: home, TMPDIR: home, PATH: process.env['PATH'] ?? '' },
  });
  return { exitCode, stdout, stderr };
};

/** A command that must work; its JSON. */
async function done<T = unknown>(...args: string[]): Promise<T> {
  const result = await takt(...args, '--json');
  expect({ args, exitCode: result.exitCode, stderr: result.exitCode === 0 ? '' : result.stderr }).toEqual({
    args,
    exitCode: 0,
    stderr: '',
  });
  return JSON.parse(result.stdout) as T;
}

const refused = async (code: string, ...args: string[]): Promise<void> => {
  const result = await takt(...args);
  expect({ args, exitCode: result.exitCode, stdout: result.stdout }).toEqual({ args, exitCode: 1, stdout: '' });
  expect(result.stderr).toMatch(new RegExp(`^✗ .+\\ncode: ${code}\\nNext: .+$`, 'm'));
};

async function goldenSet(images: number): Promise<void> {
  const source = sampleGoldenFolder();
  await mkdir(join(home, 'golden', 'images'), { recursive: true });
  await mkdir(join(home, 'golden', 'labels'));
  const names = Array.from({ length: 6 }, (_, index) => `  ${String(index)}: class-${String(index)}`);
  await writeFile(join(home, 'golden', 'data.yaml'), ['path: .', 'val: images', 'names:', ...names, ''].join('\n'));
  for (const name of (await readdir(join(source, 'images'))).sort().slice(0, images)) {
    const label = name.replace(/\.jpg$/, '.txt');
    await cp(join(source, 'images', name), join(home, 'golden', 'images', name));
    await cp(join(source, 'labels', label), join(home, 'golden', 'labels', label));
  }
}

/** The equal one has the same weights, hence the same boxes to suppress, in a file of other bytes. */
const MODELS = {
  first: { seed: 1, width: 8 },
  equal: { seed: 1, width: 8, opset: 14 },
  larger: { seed: 1, width: 40 },
} as const;

/** `more` are further bounds of its health check. */
async function pushRelease(name: keyof typeof MODELS, ...more: string[]): Promise<void> {
  await writeFile(join(home, `${name}.onnx`), tinyDetector({ size: 320, classes: 6, ...MODELS[name] }));
  await done('model', 'push', `${name}.onnx`, '--name', 'tiny', '--version', name);
  const bounds = ['--window-frames', '40', '--max-window-frames', '160', '--solo-frames', '20', ...more];
  await done('releases', 'create', name, '--model', `tiny@${name}`, '--golden', 'golden', '--recipes', 'fp32', '--threads', '1', ...bounds);
}

/** The deployment, watched to its end; the exit code says whether it was kept. */
async function deploy(release: string): Promise<{ exitCode: number | undefined; stderr: string; detail: DeploymentDetail }> {
  const result = await takt('deploy', release, '--line', 'strip', '--watch', '--json');
  const details = JSON.parse(result.stdout) as DeploymentDetail[];
  expect(details).toHaveLength(1);
  return { exitCode: result.exitCode, stderr: result.stderr, detail: details[0] as DeploymentDetail };
}

describe('an operator with the command line', () => {
  it('logs in and lays out a factory', async () => {
    await refused('NotLoggedIn', 'status', '--server', stack.serverUrl);
    await refused('\\w+', 'login', '--code', 'not-the-code', '--server', stack.serverUrl);
    const code = await stack.controlPlane('login-code');
    await done('login', '--code', code, '--server', stack.serverUrl);
    await refused('\\w+', 'login', '--code', code, '--server', stack.serverUrl);
    await done('sites', 'create', 'works');
    await goldenSet(4);
    await done('dataset', 'push', 'golden', '--as', 'golden', '--name', 'golden');
    await done('dataset', 'push', 'golden/images', '--as', 'frames', '--name', 'frames');
    await done('lines', 'create', 'strip', '--site', 'works', '--required-fps', '5', '--fps', '15', '--frames-dataset', 'frames');
    await stack.addNode('box', 'works', 'strip');
    const [node] = await done<{ id: string; name: string; online: boolean }[]>('nodes');
    expect(node?.online).toBe(true);
    await pushRelease('first');
    await done('slots', 'create', '--line', 'strip', '--node', node?.id ?? '', '--model', 'tiny');
    const { slots } = await done<StatusView>('status');
    expect(slots).toHaveLength(1);
  });

  it('is told what is wrong with what it brings', async () => {
    await writeFile(join(home, 'text.onnx'), 'this is no model\n');
    await refused('\\w+', 'model', 'push', 'text.onnx', '--name', 'tiny', '--version', 'text');
    await writeFile(join(home, 'cut.onnx'), tinyDetector().subarray(0, 5000));
    await refused('\\w+', 'model', 'push', 'cut.onnx', '--name', 'tiny', '--version', 'cut');
    await refused('\\w+', 'deploy', 'no-such-release', '--line', 'strip');
    await refused('\\w+', 'nodes', 'show', 'no-such-node');
    expect((await done<unknown[]>('models')).length).toBe(1);
  });

  it('deploys a model and sees it serve', async () => {
    const { exitCode, stderr, detail } = await deploy('first');
    expect({ exitCode, state: detail.state }, stderr).toEqual({ exitCode: 0, state: 'committed' });
    for (const state of ['building', 'checking', 'committed']) expect(stderr).toMatch(new RegExp(`  ${state}`));
    const status = await eventually('frames being delivered', async () => {
      const now = await done<StatusView>('status');
      return (now.slots[0]?.metrics?.deliveredFps ?? 0) > 0 ? now : undefined;
    });
    expect(status.slots[0]?.serving?.deploymentId).toBe(detail.id);
  });

  it('keeps a model that is as fast', async () => {
    // At a few milliseconds a frame, what else runs on a busy host doubles the service time of either engine.
    await pushRelease('equal', '--max-service-time-increase', '8');
    const { exitCode, detail, stderr } = await deploy('equal');
    expect({ exitCode, state: detail.state, outcome: detail.health?.outcome }, stderr).toEqual({
      exitCode: 0,
      state: 'committed',
      outcome: 'pass',
    });
    expect(detail.health?.previous?.frames).toBeGreaterThan(0);
  });

  it('sees the node go back from a larger one, and why', async () => {
    await pushRelease('larger');
    const before = (await done<StatusView>('status')).slots[0]?.active;
    const { exitCode, detail, stderr } = await deploy('larger');
    expect({ exitCode, state: detail.state, outcome: detail.health?.outcome }, stderr).toEqual({
      exitCode: 1,
      state: 'rolled-back',
      outcome: 'fail',
    });
    expect(detail.health?.rollbackMs).toBeGreaterThan(0);
    expect(stderr).toContain(`Next: takt explain deployment ${detail.id}`);

    const why = await done<Explanation & { candidates: unknown[] }>('explain', 'deployment', detail.id);
    expect(why.reason).toMatch(/^ServiceTimeP(50|95)$/);
    expect(why.findings.some((finding) => !finding.held && finding.measured > finding.bound)).toBe(true);
    expect(why.candidates.length).toBeGreaterThan(0);
    const text = (await takt('explain', 'deployment', 'latest')).stdout;
    expect(text).toContain(`reason: ${why.reason}`);
    expect(text.match(/^Next: /gm)).toHaveLength(1);

    const serving = await eventually('the previous engine serving', async () => {
      const { slots } = await done<StatusView>('status');
      return slots[0]?.active?.release === 'equal' && slots[0].serving?.deploymentId === slots[0].active.deploymentId
        ? slots[0]
        : undefined;
    });
    expect(serving.active).toEqual(before);
    expect(serving.active?.state).toBe('committed');
  });
});

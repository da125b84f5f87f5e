import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploadFile } from '@takt/api-client/node';
import type { RolloutDetail, RolloutPolicyInput } from '@takt/contracts';
import { tinyDetector } from '@takt/testing';
import { HostStack, eventually } from '../fleet/host-stack.js';
import type { HostNode } from '../fleet/host-stack.js';
import { pushFolder, smallGolden } from '../kill/scenarios.js';

const MODEL = 'detector';
/** How fast a build finds its engines decides nothing here, and 200 frames of the large network take a minute on a busy host. */
const AGENT_SETTINGS = { TAKT_HEARTBEAT_MS: '500', TAKT_BUILD_FRAMES: '20' };
/** The nodes' own check looks for crashes and errors only: at two milliseconds a frame its 10 % are within the noise of a busy host. */
const HEALTH = { windowFrames: 30, maxWindowFrames: 120, soloFrames: 15, maxServiceTimeIncrease: 8 } as const;

/** A small network, and one that takes several times as long: nothing but its numbers tells which is the worse. */
const VERSIONS = { small: { seed: 1, width: 8 }, large: { seed: 1, width: 80 } } as const;

const GATE = { minIntervals: 4, minFrames: 60, confidence: 0.9, maxDeliveredFpsShortfall: 0.9 } as const;
/** For a release that is as good: what other processes on two cores do to its service time is no reason to hold it. */
const GENEROUS_GATE = { ...GATE, maxServiceTimeP50Increase: 10, maxServiceTimeP95Increase: 10 };
/** For the one that is not: decoding included, its frames take several times as long, far from what a gate must be sure of. */
const STRICT_GATE = { ...GATE, maxServiceTimeP50Increase: 0.6, maxServiceTimeP95Increase: 10 };

/** A gate that decides in seconds. */
const POLICY: RolloutPolicyInput = {
  soakSeconds: 5,
  maxSoakSeconds: 45,
  waves: [{ kind: 'nodes', perProfile: 1 }],
};

/** Two real nodes at two sites, each with a line, on one model; what rollouts are tried on. */
export class TwoNodeFleet {
  #releases = 0;

  private constructor(
    readonly stack: HostStack,
    readonly nodes: readonly HostNode[],
  ) {}

  static async start(): Promise<TwoNodeFleet> {
    const stack = await HostStack.start({ TAKT_SAMPLE_SECONDS: '1' });
    return stack.whole(() => TwoNodeFleet.#on(stack));
  }

  static async #on(stack: HostStack): Promise<TwoNodeFleet> {
    const { api } = stack;
    const scratch = await mkdtemp(join(tmpdir(), 'takt-e2e-sets-'));
    try {
      await smallGolden(join(scratch, 'golden'), 8);
      for (const [version, shape] of Object.entries(VERSIONS)) {
        const path = join(scratch, `${version}.onnx`);
        await writeFile(path, tinyDetector({ size: 320, classes: 6, ...shape }));
        const { digest } = await uploadFile(api, path);
        await api.call('createModel', { body: { name: MODEL, version, artifact: digest } });
      }
      await pushFolder(api, 'golden-8', 'golden', join(scratch, 'golden'));
      await pushFolder(api, 'frames-8', 'frames', join(scratch, 'golden', 'images'));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    const nodes: HostNode[] = [];
    for (const [site, line] of [
      ['north', 'strip-n'],
      ['south', 'strip-s'],
    ] as const) {
      await api.call('createSite', { body: { name: site } });
      await api.call('createLine', {
        body: { site, slug: line, requiredFps: 4, source: { kind: 'image-directory', dataset: 'frames-8', fps: 7 } },
      });
      const node = await stack.addNode(`${site}-box`, site, line, AGENT_SETTINGS);
      await api.call('createSlot', { body: { node: node.id, line, model: MODEL } });
      nodes.push(node);
    }
    const fleet = new TwoNodeFleet(stack, nodes);
    await fleet.createRelease('baseline', false);
    for (const { line } of nodes) await api.call('createDeployments', { body: { release: 'baseline', line } });
    await eventually(
      'both lines serving the baseline',
      async () => {
        const { items } = await api.call('listDeployments');
        const ended = items.find((deployment) => deployment.state === 'failed' || deployment.state === 'rolled-back');
        if (ended !== undefined) throw new Error(`${ended.state}: ${ended.message}`);
        return items.every((deployment) => deployment.state === 'committed') ? true : undefined;
      },
      300_000,
    );
    return fleet;
  }

  /** A release that is built anew on each node. */
  async createRelease(name: string, bad: boolean): Promise<void> {
    await this.stack.api.call('createRelease', {
      body: {
        name,
        model: `${MODEL}@${bad ? 'large' : 'small'}`,
        golden: 'golden-8',
        recipes: ['fp32'],
        threads: [1],
        // A number of its own, so that no case finds a finished build of another.
        accuracyBudgetPoints: 90 + (this.#releases += 1) / 1000,
        waiveBuildCheck: 'a rollout case',
        health: HEALTH,
      },
    });
  }

  /** A bad release goes out with local rollback off, so that the fleet's gate has to see it. */
  async startRollout(release: string, bad: boolean, policy: RolloutPolicyInput = {}): Promise<RolloutDetail> {
    const localRollback = bad ? ({ onPerformanceBreach: 'report', reason: 'the fleet’s gate is under test' } as const) : undefined;
    return this.stack.api.call('createRollout', {
      body: {
        release,
        policy: {
          ...POLICY,
          gate: bad ? STRICT_GATE : GENEROUS_GATE,
          ...policy,
          ...(localRollback === undefined ? {} : { localRollback }),
        },
      },
    });
  }

  /** Ends what is left of a case that failed, so that the next one is not refused for it. */
  async giveUp(release: string): Promise<void> {
    const { items } = await this.stack.api.call('listRollouts');
    for (const { name, endedAt } of items)
      if (endedAt === null && name.startsWith(`${release}-`))
        await this.stack.api.call('abortRollout', { params: { ref: name }, body: { reason: 'its case failed' } }).catch(() => undefined);
  }

  rollout(ref: string): Promise<RolloutDetail> {
    return this.stack.api.call('getRollout', { params: { ref } });
  }
}

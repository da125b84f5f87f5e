import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploadFile } from '@takt/api-client/node';
import type { RolloutDetail, RolloutPolicyInput } from '@takt/contracts';
import { sampleModelPath } from '@takt/sample-model';
import { HostStack, eventually } from '../fleet/host-stack.js';
import type { HostNode } from '../fleet/host-stack.js';
import { pushFolder, smallGolden } from '../kill/scenarios.js';

const MODEL = 'detector';
const HEALTH = { windowFrames: 30, maxWindowFrames: 120, soloFrames: 20 } as const;

/**
 * A gate that decides in seconds: two lines share two cores with the tests, so only an engine that is far slower may fail it. The bad
 * release is about twice as slow.
 */
export const POLICY: RolloutPolicyInput = {
  soakSeconds: 4,
  maxSoakSeconds: 90,
  waves: [{ kind: 'nodes', perProfile: 1 }],
  gate: { minIntervals: 4, minFrames: 60, maxServiceTimeP50Increase: 0.5, maxServiceTimeP95Increase: 10, maxDeliveredFpsShortfall: 0.3 },
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
    const { api } = stack;
    const scratch = await mkdtemp(join(tmpdir(), 'takt-e2e-sets-'));
    try {
      await smallGolden(join(scratch, 'golden'), 8);
      const { digest } = await uploadFile(api, sampleModelPath());
      await api.call('createModel', { body: { name: MODEL, version: '1', artifact: digest } });
      await pushFolder(api, 'golden-8', 'golden', join(scratch, 'golden'));
      await pushFolder(api, 'frames-8', 'frames', join(scratch, 'golden', 'images'));
      await pushFolder(api, 'calibration-8', 'calibration', join(scratch, 'golden', 'images'));
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
        body: { site, slug: line, requiredFps: 8, source: { kind: 'image-directory', dataset: 'frames-8', fps: 12 } },
      });
      const node = await stack.addNode(`${site}-box`, site, line, { TAKT_HEARTBEAT_MS: '500' });
      await api.call('createSlot', { body: { node: node.id, line, model: MODEL } });
      nodes.push(node);
    }
    const fleet = new TwoNodeFleet(stack, nodes);
    await fleet.createRelease('baseline', false);
    for (const { line } of nodes) await api.call('createDeployments', { body: { release: 'baseline', line } });
    await eventually(
      'both lines serving the baseline',
      async () => ((await api.call('listSlots')).items.every((slot) => slot.active !== null) ? true : undefined),
      120_000,
    );
    return fleet;
  }

  /** A release that is built anew on each node: FP32, or the library's default INT8, which does not fuse. */
  async createRelease(name: string, bad: boolean): Promise<void> {
    await this.stack.api.call('createRelease', {
      body: {
        name,
        model: `${MODEL}@1`,
        golden: 'golden-8',
        calibration: bad ? 'calibration-8' : null,
        recipes: [bad ? 'int8-library-default' : 'fp32'],
        threads: [1],
        // A number of its own, so that no case finds a finished build of another.
        accuracyBudgetPoints: 90 + (this.#releases += 1) / 1000,
        waiveBuildCheck: 'a rollout case',
        health: HEALTH,
      },
    });
  }

  /** A bad release goes out with local rollback off, so that the fleet's gate has to see it. */
  async startRollout(release: string, bad: boolean): Promise<RolloutDetail> {
    const localRollback = bad ? ({ onPerformanceBreach: 'report', reason: 'the fleet’s gate is under test' } as const) : undefined;
    return this.stack.api.call('createRollout', {
      body: { release, policy: { ...POLICY, ...(localRollback === undefined ? {} : { localRollback }) } },
    });
  }

  rollout(ref: string): Promise<RolloutDetail> {
    return this.stack.api.call('getRollout', { params: { ref } });
  }
}

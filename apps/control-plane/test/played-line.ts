import { bucketOf } from '@takt/gates';
import type { SlotCounters, SlotMetrics } from '@takt/contracts';
import { DEPLOYMENT_TRANSITIONS } from '@takt/rollout';
import type { DeploymentState } from '@takt/rollout';
import type { Harness } from './harness.js';
import { TestNode } from './test-node.js';

/** What the line of a played node measures. */
export interface Speed {
  readonly serviceMs: number;
  readonly fps: number;
}

const PATH: readonly DeploymentState[] = ['fetching', 'building', 'activating', 'checking'];

/**
 * A node with one line that does what it is told: reports each state of the deployment that its desired state names, and beats with
 * counters that grow as an engine of the release's speed would make them. No engine runs; what is under test is the control plane.
 */
export class PlayedLine {
  readonly #done = new Set<string>();
  #counters = new Map<number, number>();
  #elapsedMs = 0;
  #delivered = 0;
  #serving: { deploymentId: string; release: string } | null = null;
  online = true;

  private constructor(
    readonly harness: Harness,
    readonly node: TestNode,
    readonly name: string,
    readonly slotId: string,
    readonly speedOf: (release: string) => Speed,
    /** How a deployment of a release ends here. */
    readonly endOf: (release: string, revert: boolean) => DeploymentState,
  ) {}

  static async create(
    harness: Harness,
    site: string,
    name: string,
    options: { speedOf: (release: string) => Speed; endOf?: (release: string, revert: boolean) => DeploymentState; requiredFps?: number },
  ): Promise<PlayedLine> {
    const node = await TestNode.join(harness, site, name);
    const source = { kind: 'image-directory', path: '/frames', fps: 20 };
    await harness.ok('POST', '/lines', { site, slug: name, requiredFps: options.requiredFps ?? 20, source });
    const slot = await harness.ok<{ id: string }>('POST', '/slots', { line: name, node: name, model: 'detector' });
    return new PlayedLine(harness, node, name, slot.id, options.speedOf, options.endOf ?? (() => 'committed'));
  }

  /** Lets `seconds` of production pass, takes up what is wanted, and beats. Returns the beat's number; null while it is away. */
  async live(seconds: number): Promise<number | null> {
    if (!this.online) return null;
    const { db } = this.harness.controlPlane.parts;
    const wanted = (await db.stores.desired.find(this.node.identity.nodeId))?.body.slots[0]?.deployment ?? null;
    if (wanted !== null && !this.#done.has(wanted.deploymentId)) {
      this.#done.add(wanted.deploymentId);
      await this.#play(wanted.deploymentId, wanted.release.name, wanted.revert === true);
    }
    this.#produce(seconds);
    return this.node.beat([this.#metrics()]);
  }

  async #play(deploymentId: string, release: string, revert: boolean): Promise<void> {
    const end = this.endOf(release, revert);
    const path = [...PATH.filter((state) => end !== 'failed' || DEPLOYMENT_TRANSITIONS[state].includes('failed')), end];
    for (const state of path) {
      await this.node.report({
        kind: 'deployment',
        deploymentId: deploymentId as never,
        slotId: this.slotId as never,
        generation: 1,
        state,
        reason: state === 'rolled-back' ? 'ServiceTimeP50' : null,
        message: state,
        health: null,
        error: state === 'failed' ? { code: 'BuildFailed', message: 'no', action: 'look', retryable: false } : null,
      });
    }
    await this.node.confirmed();
    if (end === 'committed') this.#serving = { deploymentId, release };
  }

  /** Its counters jump by frames that it never served. */
  miscount(frames: number): void {
    this.#delivered += frames;
    this.#counters.set(0, (this.#counters.get(0) ?? 0) + frames);
  }

  #produce(seconds: number): void {
    const speed = this.speedOf(this.#serving?.release ?? '');
    const frames = Math.round(speed.fps * seconds);
    for (let frame = 0; frame < frames; frame += 1) {
      // A spread of ±10 % around the service time.
      const bucket = bucketOf(speed.serviceMs * (0.9 + (0.2 * (frame % 11)) / 10));
      this.#counters.set(bucket, (this.#counters.get(bucket) ?? 0) + 1);
    }
    this.#delivered += frames;
    this.#elapsedMs += seconds * 1000;
  }

  #metrics(): SlotMetrics {
    const counters: SlotCounters = {
      since: '2026-01-01T00:00:00.000Z',
      elapsedMs: this.#elapsedMs,
      delivered: this.#delivered,
      dropped: 0,
      errors: 0,
      serviceTime: [...this.#counters].sort(([a], [b]) => a - b),
    };
    const speed = this.speedOf(this.#serving?.release ?? '');
    return {
      slotId: this.slotId as never,
      runtimeReachable: true,
      activeDeploymentId: (this.#serving?.deploymentId ?? null) as never,
      deliveredFps: speed.fps,
      requiredFps: 20,
      serviceP50Ms: speed.serviceMs,
      serviceP95Ms: speed.serviceMs,
      serviceP99Ms: speed.serviceMs,
      framesDelivered: this.#delivered,
      framesDropped: 0,
      errors: 0,
      counters,
    };
  }
}

import { apiRoutes } from '@takt/contracts';
import type { HealthView, DeploymentDetail, DeploymentView, EventView, Explanation, LineView, NodeView, SlotView } from '@takt/contracts';
import type { RouteReply } from '@takt/api-client';

const AT = '2026-11-23T10:00:00.000Z';
export const uuid = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
const digest = `sha256:${'ab'.repeat(32)}`;
const named = (n: number, name: string): { id: string; name: string } => ({ id: uuid(n), name });

/** Plain data in the form a route answers; ids lose their brands on the way over the wire. */
type Wire<T> = T extends string | number | boolean | null | undefined
  ? T extends string
    ? string
    : T
  : T extends readonly (infer I)[]
    ? Wire<I>[]
    : { [K in keyof T]: Wire<T[K]> };

const plan = {
  engine: 'onnxruntime',
  precision: 'int8',
  recipe: 'int8',
  threads: { intraOp: 2, spin: true },
  artifact: digest,
  engineVersion: '1.30.0',
  fingerprint: 'fp1-a',
};
const health = (outcome: 'pass' | 'fail'): NonNullable<Wire<DeploymentView>['health']> => ({
  outcome,
  previous: { frames: 100, p50Ms: 12.5, p95Ms: 14.2, p99Ms: 15 },
  candidate: { frames: 100, p50Ms: outcome === 'pass' ? 6.25 : 25.1, p95Ms: outcome === 'pass' ? 7.1 : 28.4, p99Ms: 30 },
  deliveredFps: 7.5,
  requiredFps: 7.5,
  errors: 0,
  framesDropped: 0,
  findings: [
    {
      code: 'ServiceTimeP50',
      held: outcome === 'pass',
      measured: outcome === 'pass' ? 6.25 : 25.1,
      bound: 13.75,
      unit: 'ms',
      message: 'p50 against the previous engine',
    },
  ],
  durationMs: 31_000,
  rollbackMs: outcome === 'pass' ? null : 840,
});
const candidate = (
  recipe: string,
  verdict: string,
  p50Ms: number,
): Wire<NonNullable<NonNullable<DeploymentDetail['build']>['result']> & { kind: 'build' }>['candidates'][number] => ({
  recipe,
  precision: recipe === 'fp32' ? 'fp32' : 'int8',
  engine: 'onnxruntime',
  threads: { intraOp: 2, spin: true },
  artifact: digest,
  artifactBytes: 2_097_152,
  speed: { p50Ms, p95Ms: p50Ms * 1.2, p99Ms: p50Ms * 1.3, capacityFps: 1000 / p50Ms, inferenceMs: p50Ms * 0.7, frames: 200 },
  accuracy: { map50: 0.9, map50_95: 0.61, images: 64 },
  dropPoints: recipe === 'fp32' ? 0 : 0.2,
  verdict,
  reason: `${recipe} measured`,
});

export const slot: Wire<SlotView> = {
  id: uuid(0x51),
  site: 'north',
  line: named(0x11, 'line-1'),
  node: named(0xa1, 'node-a'),
  model: 'strip',
  requiredFps: 7.5,
  target: null,
  active: { deploymentId: uuid(0xd1), release: 'strip-1', state: 'committed' },
  serving: { deploymentId: uuid(0xd1), plan, at: AT },
  metrics: {
    slotId: uuid(0x51),
    runtimeReachable: true,
    activeDeploymentId: uuid(0xd1),
    deliveredFps: 7.48,
    requiredFps: 7.5,
    serviceP50Ms: 6.31,
    serviceP95Ms: 7.2,
    serviceP99Ms: 9.8,
    framesDelivered: 900,
    framesDropped: 3,
    counters: null,
    errors: 0,
  },
};

export const line: Wire<LineView> = {
  id: uuid(0x11),
  site: 'north',
  slug: 'line-1',
  name: 'Line 1',
  requiredFps: 7.5,
  source: { kind: 'image-directory', path: null, dataset: named(0xf1, 'frames'), fps: 8 },
  createdAt: AT,
};

export const node: Wire<NodeView> = {
  id: uuid(0xa1),
  name: 'node-a',
  site: 'north',
  hostname: 'box',
  online: true,
  lastSeenAt: AT,
  joinedAt: AT,
  agentVersion: '0.1.0',
  rssMiB: 61.2,
  fingerprint: 'fp1-a',
  profile: { name: 'x64-avx2-2c', summary: 'two cores' },
  facts: null,
  conditions: [
    { type: 'DiskSpace', status: 'false', reason: 'DiskNearlyFull', message: '200 MiB are left', action: 'free some disk', since: AT },
  ],
  desiredGeneration: 4,
  observedGeneration: 4,
  confirmedSeq: 20,
};

export const event = (seq: number, code = 'DeploymentCommitted'): Wire<EventView> => ({
  seq,
  at: AT,
  actor: 'node:node-a',
  code,
  severity: code.endsWith('Back') ? 'warning' : 'info',
  message: `event ${String(seq)}`,
  object: { kind: 'deployment', id: uuid(0xd1), name: 'strip-1' },
  site: 'north',
  data: {},
});

export const deployment = (state: DeploymentView['state'], n = 0xd1): Wire<DeploymentView> => ({
  id: uuid(n),
  slotId: uuid(0x51),
  site: 'north',
  node: named(0xa1, 'node-a'),
  line: named(0x11, 'line-1'),
  release: named(0xe1, 'strip-1'),
  state,
  reason: state === 'rolled-back' ? 'ServiceTimeP50' : null,
  message: '',
  previousDeploymentId: null,
  buildJobId: uuid(0xb1),
  rollout: null,
  revertOf: null,
  plan: state === 'pending' ? null : plan,
  health: state === 'committed' ? health('pass') : state === 'rolled-back' ? health('fail') : null,
  error: null,
  createdBy: 'admin',
  createdAt: AT,
  updatedAt: AT,
  endedAt: null,
});

const job = (state: 'running' | 'succeeded', progress: number): NonNullable<Wire<DeploymentDetail>['build']> => ({
  id: uuid(0xb1),
  kind: 'build',
  state,
  phase: 'measuring fp32',
  progress,
  etaSeconds: state === 'running' ? 20 : null,
  model: 'strip@1',
  node: named(0xa1, 'node-a'),
  deploymentId: uuid(0xd1),
  attempts: 1,
  result:
    state === 'running'
      ? null
      : {
          kind: 'build',
          plan,
          candidates: [candidate('fp32', 'accepted', 12.5), candidate('int8', 'chosen', 6.25)],
          reason: 'INT8 is 2.0× faster',
          reused: false,
          seconds: 40,
        },
  error: null,
  createdAt: AT,
  updatedAt: AT,
});

/** A deployment as it is after so many of its states. */
export function detail(states: readonly DeploymentView['state'][], n = 0xd1): Wire<DeploymentDetail> {
  const state = states.at(-1) ?? 'pending';
  const building = state === 'building';
  const built = !['pending', 'fetching', 'building'].includes(state);
  return {
    ...deployment(state, n),
    transitions: states.map((each, index) => ({
      state: each,
      at: AT,
      by: 'node:node-a',
      generation: index,
      reason: each === 'rolled-back' ? 'ServiceTimeP50' : null,
      message: `now ${each}`,
    })),
    build: building ? job('running', 0.4) : built ? job('succeeded', 1) : null,
    calibration: null,
  };
}

export const explanation: Wire<Explanation> = {
  object: { ...named(0xd1, 'strip-1 on line-1@node-a'), kind: 'deployment' },
  reason: 'ServiceTimeP50',
  summary: 'the new engine was slower than the old one',
  suggestedAction: 'look at the candidates and make a release without the waiver',
  findings: health('fail').findings,
  figures: { serviceP50Ms: 25.1, previousP50Ms: 12.5, buildCheckWaived: true, note: null },
  timeline: [{ at: AT, code: 'DeploymentRolledBack', message: 'went back' }],
};

export const status: Wire<RouteReply<'status'>> = {
  at: AT,
  epoch: uuid(1),
  version: '0.1.0',
  nodes: { total: 2, online: 1 },
  jobs: { queued: 0, running: 1 },
  unreferenced: { files: 2, sizeBytes: 3_145_728 },
  slots: [slot],
  deployments: [deployment('committed')],
};

/** What a view becomes once it crossed the wire; rendering is tested on that. */
export const parsed = <N extends 'status' | 'getDeployment' | 'explainDeployment' | 'getNode' | 'getLine'>(
  name: N,
  value: unknown,
): RouteReply<N> => apiRoutes[name].response.parse(value) as RouteReply<N>;

export const controlPlaneHealth: Wire<HealthView> = {
  status: 'degraded',
  version: '0.1.0',
  checks: [
    { name: 'database', status: 'ok', reason: 'Ok', message: 'answers', since: '2026-01-01T00:00:00.000Z', figures: { latencyMs: 1 } },
    { name: 'heartbeats', status: 'failing', reason: 'Failing', message: 'no table', since: '2026-01-01T00:00:00.000Z', figures: {} },
  ],
};

import type { DeploymentView, NodeView, RolloutView, SlotView } from '@takt/contracts';

export type HelpSeverity = 'critical' | 'warning' | 'notice';
export type HelpReason =
  | 'RuntimeUnreachable'
  | 'BelowRequiredFps'
  | 'NodeOffline'
  | 'RolloutHeld'
  | 'DeploymentFailed'
  | 'ConditionBad'
  | 'DeploymentRolledBack'
  | 'RolloutAwaitsApproval';

/** One thing that wants a person, with what its sentence is made of. */
export interface HelpItem {
  /** Names it over time: the same trouble keeps its key. */
  readonly key: string;
  readonly severity: HelpSeverity;
  readonly reason: HelpReason;
  /** What it is about: a node, a line or a rollout. */
  readonly subject: string;
  readonly site: string | null;
  /** Address inside the console. */
  readonly href: string;
  readonly deliveredFps?: number;
  readonly requiredFps?: number;
  readonly lines?: number;
  readonly since?: string | null;
  /** The machine's own code and sentence, where it gave one. */
  readonly code?: string;
  readonly message?: string;
}

/** What is known of a slot right now. */
export interface SlotLive {
  readonly online: boolean;
  readonly runtimeReachable: boolean | null;
  readonly deliveredFps: number | null;
}

export interface HelpInput {
  readonly nodes: readonly NodeView[];
  readonly slots: readonly SlotView[];
  readonly deployments: readonly DeploymentView[];
  readonly rollouts: readonly RolloutView[];
  readonly liveOf: (slot: SlotView) => SlotLive;
}

/** A paced camera never delivers its rate to the last digit; gates allow the same by default. */
export const RATE_TOLERANCE = 0.05;
/** Below this share of its rate a line is in trouble, not only slow. */
const CRITICAL_SHARE = 0.8;

export const belowRate = (deliveredFps: number | null, requiredFps: number): boolean =>
  deliveredFps !== null && requiredFps > 0 && deliveredFps < requiredFps * (1 - RATE_TOLERANCE);

const SEVERITIES: readonly HelpSeverity[] = ['critical', 'warning', 'notice'];
/** Within one severity: first what stops a line, then what keeps us from seeing one, then what waits for a decision. */
const REASONS: readonly HelpReason[] = [
  'BelowRequiredFps',
  'RuntimeUnreachable',
  'NodeOffline',
  'RolloutHeld',
  'DeploymentFailed',
  'ConditionBad',
  'RolloutAwaitsApproval',
  'DeploymentRolledBack',
];

const share = (item: HelpItem): number =>
  item.deliveredFps === undefined || item.requiredFps === undefined ? 0 : item.deliveredFps / item.requiredFps;

/** Everything that wants a person, the worst first; the order is the same whatever the order of the input. */
export function needsHelp(input: HelpInput): HelpItem[] {
  const items = [...ofNodes(input), ...ofSlots(input), ...ofDeployments(input), ...ofRollouts(input.rollouts)];
  return items.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason) ||
      share(a) - share(b) ||
      (b.lines ?? 0) - (a.lines ?? 0) ||
      a.subject.localeCompare(b.subject) ||
      a.key.localeCompare(b.key),
  );
}

const nodeHref = (name: string): string => `/nodes/${encodeURIComponent(name)}`;

function ofNodes({ nodes, slots }: HelpInput): HelpItem[] {
  return nodes.flatMap((node): HelpItem[] => {
    const base = { subject: node.name, site: node.site, href: nodeHref(node.name) };
    if (!node.online) {
      const lines = new Set(slots.filter((slot) => slot.node.id === node.id).map((slot) => slot.line.id)).size;
      const severity = lines > 0 ? 'critical' : 'notice';
      return [{ ...base, key: `node:${node.id}`, severity, reason: 'NodeOffline', lines, since: node.lastSeenAt }];
    }
    return node.conditions
      .filter((condition) => condition.status === 'false')
      .map((condition) => ({
        ...base,
        key: `condition:${node.id}:${condition.type}`,
        severity: 'warning',
        reason: 'ConditionBad',
        code: condition.reason,
        message: condition.message,
        since: condition.since,
      }));
  });
}

function ofSlots({ slots, liveOf }: HelpInput): HelpItem[] {
  return slots.flatMap((slot): HelpItem[] => {
    const live = liveOf(slot);
    // An offline node is one trouble, told once; a slot that was never given anything to serve is none.
    if (!live.online || (slot.active === null && slot.serving === null)) return [];
    const base = {
      key: `slot:${slot.id}`,
      subject: `${slot.line.name} · ${slot.node.name}`,
      site: slot.site,
      href: nodeHref(slot.node.name),
    };
    if (live.runtimeReachable === false) return [{ ...base, severity: 'critical', reason: 'RuntimeUnreachable' }];
    const { deliveredFps } = live;
    const { requiredFps } = slot;
    if (deliveredFps === null || !belowRate(deliveredFps, requiredFps)) return [];
    const severity = deliveredFps < requiredFps * CRITICAL_SHARE ? 'critical' : 'warning';
    return [{ ...base, severity, reason: 'BelowRequiredFps', deliveredFps, requiredFps }];
  });
}

/** The newest deployment of each slot counts; an older failure is history. */
function ofDeployments({ deployments }: HelpInput): HelpItem[] {
  const newest = new Map<string, DeploymentView>();
  for (const deployment of deployments) {
    const known = newest.get(deployment.slotId);
    if (known === undefined || known.createdAt < deployment.createdAt) newest.set(deployment.slotId, deployment);
  }
  return [...newest.values()].flatMap((deployment): HelpItem[] => {
    if (deployment.state !== 'failed' && deployment.state !== 'rolled-back') return [];
    const failed = deployment.state === 'failed';
    return [
      {
        key: `deployment:${deployment.id}`,
        severity: failed ? 'warning' : 'notice',
        reason: failed ? 'DeploymentFailed' : 'DeploymentRolledBack',
        subject: `${deployment.line.name} · ${deployment.node.name}`,
        site: deployment.site,
        href: nodeHref(deployment.node.name),
        code: deployment.reason ?? deployment.error?.code ?? deployment.state,
        message: deployment.message,
        since: deployment.endedAt,
      },
    ];
  });
}

function ofRollouts(rollouts: readonly RolloutView[]): HelpItem[] {
  return rollouts.flatMap((rollout): HelpItem[] => {
    const base = { key: `rollout:${rollout.id}`, subject: rollout.name, site: null, href: `/rollouts/${encodeURIComponent(rollout.name)}` };
    if (rollout.phase === 'held') {
      const { hold } = rollout;
      return [
        {
          ...base,
          severity: 'warning',
          reason: 'RolloutHeld',
          since: rollout.updatedAt,
          ...(hold === null ? {} : { code: hold.code, message: hold.message }),
        },
      ];
    }
    if (rollout.phase === 'awaiting-approval')
      return [{ ...base, severity: 'notice', reason: 'RolloutAwaitsApproval', since: rollout.updatedAt }];
    return [];
  });
}

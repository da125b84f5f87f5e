import type { GateOutcome, GateReport } from '@takt/gates';
import { asId } from '@takt/kernel';
import type { LineId, NodeId, SiteId, SlotId } from '@takt/kernel';
import { DEPLOYMENT_TRANSITIONS, isTerminal } from '../src/deployment-state.js';
import type { DeploymentState } from '../src/deployment-state.js';
import { planWaves } from '../src/fleet/plan-waves.js';
import { DEFAULT_ROLLOUT_POLICY } from '../src/fleet/rollout-policy.js';
import type { RolloutPolicy } from '../src/fleet/rollout-policy.js';
import type { Rollout } from '../src/fleet/rollout-state.js';
import type { RolloutCommand, RolloutEvent, RolloutObservation } from '../src/fleet/rollout-step.js';
import { stepRollout } from '../src/fleet/step-rollout.js';
import { gatesToMeasure } from '../src/fleet/wave-questions.js';

export interface NodeSpec {
  readonly site: number;
  readonly line: number;
  readonly profile: string;
  readonly online: boolean;
  readonly excluded?: boolean;
}

interface SimulatedNode {
  readonly id: NodeId;
  online: boolean;
  move: DeploymentState | null;
  revert: DeploymentState | null;
  blocked: boolean;
  takenOver: boolean;
  /** State of a second slot's deployment, where there is one. */
  otherMove: DeploymentState | null;
  canGoBack: boolean;
  /** A second slot has the release and nothing from before. */
  staysOn: boolean;
}

export const report = (outcome: GateOutcome): GateReport => ({
  outcome,
  reason: outcome === 'successful' ? 'WithinMargins' : 'ServiceTimeP50',
  message: `it is ${outcome}`,
  missing: [],
  suggestedAction: null,
  nodes: { total: 1, attempted: 1, succeeded: 1, failed: 0, rolledBack: 0, measured: 1, controls: 0 },
  findings: [],
  look: null,
  distributions: [],
});

/** A fleet without processes: carries out the commands of a rollout at once, as the transaction does, and moves deployments on request. */
export class SimulatedFleet {
  readonly nodes: SimulatedNode[];
  readonly commands: RolloutCommand[] = [];
  readonly events: RolloutEvent[] = [];
  rollout: Rollout;
  now = 1_000;
  /** What each profile's gate says when it is asked. */
  readonly gates = new Map<string, GateOutcome>();
  /** How a gate is measured; a fixed report where a test does not say. */
  measure = (profile: string): GateReport => report(this.gates.get(profile) ?? 'successful');

  constructor(specs: readonly NodeSpec[], policy: Partial<RolloutPolicy> = {}) {
    const whole: RolloutPolicy = { ...DEFAULT_ROLLOUT_POLICY, ...policy };
    const id = (n: number): NodeId => asId<NodeId>(`node-${String(n).padStart(4, '0')}`);
    this.nodes = specs.map((spec, n) => ({
      id: id(n),
      online: spec.online,
      move: null,
      revert: null,
      blocked: false,
      takenOver: false,
      otherMove: null,
      canGoBack: true,
      staysOn: false,
    }));
    const plan = planWaves(
      specs.map((spec, n) => ({
        nodeId: id(n),
        siteId: asId<SiteId>(`site-${String(spec.site)}`),
        profile: spec.profile,
        online: spec.online,
        slotIds: [asId<SlotId>(`slot-${String(n)}`)],
        lineIds: [asId<LineId>(`line-${String(spec.line)}`)],
        exclusion: spec.excluded === true ? { code: 'ProfileNotAllowed', message: 'not for it' } : null,
      })),
      whole,
      (nodeId) => nodeId,
    );
    this.rollout = { phase: 'running', policy: whole, currentWave: 0, waves: plan.waves, members: plan.members, gates: [], hold: null };
  }

  observe(): RolloutObservation {
    return {
      members: new Map(
        this.nodes.map((node) => [
          node.id,
          {
            nodeId: node.id,
            online: node.online,
            blockedBy: node.blocked ? { code: 'DeploymentInProgress', message: 'another deployment runs' } : null,
            moves: [node.move, node.otherMove].flatMap((state) => (state === null ? [] : [{ state, reason: null, message: state }])),
            reverts: node.revert === null ? [] : [{ state: node.revert, reason: null, message: node.revert }],
            takenOver: node.takenOver,
            canGoBack: node.canGoBack,
            staysOn: node.staysOn,
          },
        ]),
      ),
      gates: gatesToMeasure(this.rollout).map((profile) => ({ profile, report: this.measure(profile) })),
    };
  }

  /** One look of the reconciler. */
  tick(seconds = 1): readonly RolloutCommand[] {
    this.now += seconds * 1000;
    const step = stepRollout(this.rollout, this.observe(), this.now);
    this.rollout = step.rollout;
    for (const command of step.commands) this.#carryOut(command);
    this.commands.push(...step.commands);
    this.events.push(...step.events);
    return step.commands;
  }

  #carryOut(command: RolloutCommand): void {
    const node = this.node(command.nodeId);
    if (command.type === 'move') {
      node.move = 'pending';
      return;
    }
    if (node.move !== null && !isTerminal(node.move)) node.move = 'superseded';
    node.revert = 'pending';
  }

  node(id: NodeId): SimulatedNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  /** Moves a node's open deployment one step on: to `wanted` where the table allows it, else to the first state it allows. */
  advance(node: SimulatedNode, wanted: DeploymentState): void {
    if (!node.online) return;
    const step = (state: DeploymentState): DeploymentState => {
      const next = DEPLOYMENT_TRANSITIONS[state];
      return next.includes(wanted) ? wanted : (next[0] ?? state);
    };
    if (node.revert !== null && !isTerminal(node.revert)) node.revert = step(node.revert);
    else if (node.move !== null && !isTerminal(node.move)) node.move = step(node.move);
  }

  /** Every deployment of a reachable node comes to its end. */
  finishWork(end: (node: SimulatedNode) => DeploymentState = () => 'committed'): void {
    for (const node of this.nodes) {
      if (!node.online) continue;
      if (node.revert !== null && !isTerminal(node.revert)) node.revert = 'committed';
      else if (node.move !== null && !isTerminal(node.move)) node.move = end(node);
    }
  }

  /** Ticks and finishes work until nothing changes any more; returns the ticks it took. */
  settle(limit = 200, end?: (node: SimulatedNode) => DeploymentState, secondsPerTick = this.rollout.policy.maxSoakSeconds + 1): number {
    for (let tick = 0; tick < limit; tick += 1) {
      const before = JSON.stringify([this.rollout, this.nodes]);
      this.tick(secondsPerTick);
      this.finishWork(end);
      if (before === JSON.stringify([this.rollout, this.nodes])) return tick;
    }
    throw new Error(`the rollout still changes after ${String(limit)} ticks`);
  }
}

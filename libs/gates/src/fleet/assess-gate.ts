import { assessDeliveredFps, assessErrorRate } from './assess-delivery.js';
import { assessServiceTime } from './assess-service-time.js';
import { gateDistributions } from './distributions.js';
import type { GateFinding, GateOutcome, GatePolicy, GateReport } from './gate-policy.js';
import { framesOf } from './interval.js';
import type { SlotFigures } from './interval.js';
import type { Look } from './planned-looks.js';

export interface GateInput {
  readonly policy: GatePolicy;
  /** In the canary no node may fail. */
  readonly canary: boolean;
  /** Slots of the wave's nodes that have the release, whatever was measured of them. */
  readonly updated: readonly SlotFigures[];
  /** Slots of the same profile that keep the release before. */
  readonly controls: readonly SlotFigures[];
  readonly nodes: {
    /** Nodes of this profile that the wave counts on: neither excluded nor superseded. */
    readonly total: number;
    readonly attempted: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly rolledBack: number;
  };
  /** The look that is taken; `updated` and `controls` have no figures from after its time. Null before the first, when only nodes count. */
  readonly look: Look | null;
  readonly seed: number;
}

/**
 * The gate of one wave and hardware profile. It succeeds only when every bound is *shown* to be kept: no figures, too few of
 * them, or a bound that lies inside the confidence interval is no pass.
 */
export function assessGate(input: GateInput): GateReport {
  const { policy, nodes, updated, controls } = input;
  const { look } = input;
  const isMeasured = (slot: SlotFigures): boolean => look !== null && isEnough(slot, policy);
  const measured = updated.filter(isMeasured);
  const usable = controls.filter(isMeasured);
  const measuredNodes = measuredNodeCount(updated, measured);
  const allowed = input.canary ? 0 : Math.floor(policy.maxFailedShare * nodes.attempted);
  const findings: GateFinding[] = [nodesFailed(nodes, allowed), nodesMeasured(nodes.succeeded, measuredNodes, policy)];
  if (look !== null && measured.length > 0) {
    // Before the soak is over nothing passes, whatever its upper bound is.
    const confidence = { lower: look.confidenceToFail, upper: look.confidenceToPass ?? look.confidenceToFail };
    findings.push(
      ...assessDeliveredFps(measured, policy, { lines: allowed, soaked: hasSoaked(look) }, confidence, input.seed),
      ...assessServiceTime(measured, usable, policy, confidence, input.seed),
      assessErrorRate(measured, policy),
    );
  }
  const missing = missingOf(input, measuredNodes, findings);
  const outcome = conclude(input, findings, missing, measured.length);
  return {
    outcome,
    ...words(outcome, findings, missing, nodes),
    missing: outcome === 'running' || outcome === 'inconclusive' || outcome === 'error' ? missing : [],
    nodes: { ...nodes, measured: measuredNodes, controls: new Set(usable.map((slot) => slot.nodeId)).size },
    findings,
    look,
    distributions: gateDistributions(measured.length > 0 ? measured : updated, usable),
  };
}

const hasSoaked = (look: Look | null): boolean => look !== null && look.confidenceToPass !== null;

/** Whether a slot has figures enough, before its move and since. */
export const isEnough = (slot: SlotFigures, policy: GatePolicy): boolean =>
  [slot.before, slot.after].every((period) => period.length >= policy.minIntervals && framesOf(period) >= policy.minFrames);

/** A node counts as measured when all its slots are. */
function measuredNodeCount(updated: readonly SlotFigures[], measured: readonly SlotFigures[]): number {
  const done = new Set(measured.map((slot) => slot.slotId));
  const lacking = new Set(updated.filter((slot) => !done.has(slot.slotId)).map((slot) => slot.nodeId));
  return new Set(measured.map((slot) => slot.nodeId).filter((nodeId) => !lacking.has(nodeId))).size;
}

function nodesFailed(nodes: GateInput['nodes'], allowed: number): GateFinding {
  const count = nodes.failed + nodes.rolledBack;
  return {
    code: 'NodesFailed',
    outcome: count > allowed ? 'failed' : 'successful',
    against: 'policy',
    measured: count,
    lower: null,
    upper: null,
    bound: allowed,
    unit: 'nodes',
    message:
      `${String(count)} of ${String(nodes.attempted)} nodes did not keep the release ` +
      `(${String(nodes.rolledBack)} went back by themselves, ${String(nodes.failed)} failed); allowed ${String(allowed)}`,
  };
}

/** Of the nodes that have the release: who was away, or did not keep it, has nothing to measure. */
function nodesMeasured(total: number, measured: number, policy: GatePolicy): GateFinding {
  const needed = Math.max(1, Math.ceil(policy.minMeasuredShare * total));
  return {
    code: 'NodesMeasured',
    outcome: measured >= needed ? 'successful' : 'inconclusive',
    against: 'policy',
    measured,
    lower: null,
    upper: null,
    bound: needed,
    unit: 'nodes',
    message: `${String(measured)} of ${String(total)} nodes have enough figures; ${String(needed)} are needed`,
  };
}

function missingOf(input: GateInput, measuredNodes: number, findings: readonly GateFinding[]): string[] {
  const { policy, updated } = input;
  const missing: string[] = [];
  if (!hasSoaked(input.look)) missing.push('the soak time is not over');
  const [after, before] = [fewest(updated, (slot) => slot.after), fewest(updated, (slot) => slot.before)];
  if (updated.length > 0 && measuredNodes < new Set(updated.map((slot) => slot.nodeId)).size) {
    if (after.intervals < policy.minIntervals || after.frames < policy.minFrames) missing.push(lack('after the move', after, policy));
    if (before.intervals < policy.minIntervals || before.frames < policy.minFrames)
      missing.push(lack('from before the move', before, policy));
  }
  for (const finding of findings) if (finding.outcome === 'inconclusive') missing.push(`not shown yet: ${finding.message}`);
  return missing;
}

const fewest = (
  slots: readonly SlotFigures[],
  period: (slot: SlotFigures) => SlotFigures['after'],
): { intervals: number; frames: number } => ({
  intervals: Math.min(...slots.map((slot) => period(slot).length)),
  frames: Math.min(...slots.map((slot) => framesOf(period(slot)))),
});

const lack = (when: string, has: { intervals: number; frames: number }, policy: GatePolicy): string =>
  `figures ${when}: a slot has ${String(has.intervals)} intervals and ${String(has.frames)} frames, ` +
  `${String(policy.minIntervals)} and ${String(policy.minFrames)} are needed`;

function conclude(input: GateInput, findings: readonly GateFinding[], missing: readonly string[], measuredSlots: number): GateOutcome {
  if (findings.some((finding) => finding.outcome === 'failed')) return 'failed';
  if (missing.length === 0 && findings.every((finding) => finding.outcome === 'successful')) return 'successful';
  // At its last look, what is not shown is inconclusive, or an error.
  if (input.look === null || input.look.nextAtSeconds !== null) return 'running';
  // Nothing at all came of nodes that have the release: that is a fault of measuring, not a close call.
  const silent = input.nodes.succeeded > 0 && measuredSlots === 0 && input.updated.every((slot) => framesOf(slot.after) === 0);
  return silent || findings.some((finding) => finding.outcome === 'error') ? 'error' : 'inconclusive';
}

function words(
  outcome: GateOutcome,
  findings: readonly GateFinding[],
  missing: readonly string[],
  nodes: GateInput['nodes'],
): Pick<GateReport, 'reason' | 'message' | 'suggestedAction'> {
  const broken = findings.filter((finding) => finding.outcome === 'failed');
  switch (outcome) {
    case 'failed':
      return {
        reason: broken[0]?.code ?? 'Failed',
        message: sentence(broken.map((finding) => finding.message)),
        suggestedAction:
          broken[0]?.code === 'NodesFailed'
            ? 'look at why a node went back: `takt explain deployment` of one that failed'
            : 'make a release with another recipe, or one whose builds pass the speed check',
      };
    case 'successful':
      return {
        reason: 'WithinMargins',
        message: sentence(findings.filter((finding) => finding.unit === 'fraction').map((finding) => finding.message)),
        suggestedAction: null,
      };
    case 'inconclusive':
      return {
        reason: findings.find((finding) => finding.outcome === 'inconclusive')?.code ?? 'TooFewFigures',
        message: sentence(missing),
        suggestedAction:
          'measure again (`takt rollout resume`), let it pass by name (`takt rollout approve`), or go back (`takt rollout rollback`) ' +
          'and start it again, which measures the past anew too',
      };
    case 'error':
      return {
        reason: 'NotMeasured',
        message: `No figures came from ${String(nodes.succeeded)} nodes that have the release.`,
        suggestedAction: 'see whether the nodes’ runtimes answer (`takt nodes`, `takt explain node`), then `takt rollout resume`',
      };
    case 'pending':
    case 'running':
      return { reason: 'Measuring', message: sentence(missing), suggestedAction: null };
  }
}

const sentence = (parts: readonly string[]): string => {
  const text = parts.join('; ');
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};

import type { Explanation, GateView, RolloutDetail, RolloutMemberView } from '@takt/contracts';
import { MemberBucket } from '@takt/rollout';
import type { Database } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import type { RolloutQueries } from '../rollout/fleet/rollout-queries.js';
import { gateFindings } from './explain-gate.js';

const EVENTS = 200;
/** Nodes that a sentence names one by one. */
const NAMED = 3;

type Verdict = Pick<Explanation, 'reason' | 'summary' | 'suggestedAction'>;

export class ExplainRollout {
  constructor(
    private readonly db: Database,
    private readonly queries: RolloutQueries,
  ) {}

  async execute(ctx: RequestContext, ref: string): Promise<Explanation> {
    const rollout = await this.queries.get(ctx, ref);
    const events = await this.db.stores.events.newest({ object: rollout.id, limit: EVENTS }, ctx.siteScope);
    return {
      object: { kind: 'rollout', id: rollout.id, name: rollout.name },
      ...judgeRollout(rollout),
      findings: rollout.gates.flatMap((gate) => gateFindings(gate, `${waveName(rollout, gate.wave)} on ${gate.profile}: `)),
      figures: {
        phase: rollout.phase,
        currentWave: waveName(rollout, rollout.currentWave),
        ...Object.fromEntries(Object.entries(rollout.counts).map(([bucket, count]) => [`nodes${pascal(bucket)}`, count])),
        localRollback: rollout.policy.localRollback.onPerformanceBreach,
        localRollbackReason: rollout.policy.localRollback.reason,
        ...Object.fromEntries(notable(rollout).map((member) => [`node ${member.node.name}`, `${member.bucket}${because(member)}`])),
      },
      timeline: events.reverse().map((event) => ({ at: event.at, code: event.code, message: event.message })),
    };
  }
}

const pascal = (text: string): string => text.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
const waveName = (rollout: RolloutDetail, index: number): string => rollout.waves[index]?.name ?? String(index);
const because = (member: RolloutMemberView): string => (member.reason === null ? '' : ` (${member.reason}): ${member.message}`);

/** Nodes that did not simply go along. */
const notable = (rollout: RolloutDetail): RolloutMemberView[] =>
  rollout.members.filter((member) => member.bucket !== MemberBucket.succeeded && member.bucket !== MemberBucket.pending).slice(0, 50);

/** A reason, a sentence and one action for each way a rollout can stand. */
export function judgeRollout(rollout: RolloutDetail): Verdict {
  const { name, release, counts, hold } = rollout;
  const what = `rollout ${name} of release ${release.name}`;
  const reached = `${String(counts.succeeded)} of ${String(counts.total - counts.excluded)} nodes have it`;
  switch (rollout.phase) {
    case 'running':
      return running(rollout, what, reached);
    case 'paused':
      return { reason: 'Paused', summary: `${what} is paused; ${reached}`, suggestedAction: `takt rollout resume ${name}` };
    case 'held':
    case 'awaiting-approval':
      return {
        reason: hold?.code ?? 'Held',
        summary: `${what} is ${rollout.phase}: ${hold?.message ?? ''}; ${reached}`,
        suggestedAction: hold?.suggestedAction ?? null,
      };
    case 'rolling-back':
      return {
        reason: backReason(rollout),
        summary: `${what} is being taken back: ${backWords(rollout)}; ${String(counts.working)} nodes at work`,
        suggestedAction: null,
      };
    case 'succeeded':
      return {
        reason: counts.offline > 0 ? 'SucceededSomeOffline' : 'Succeeded',
        summary: `${what} succeeded; ${reached}${counts.offline > 0 ? `, ${String(counts.offline)} offline catch up when they are back` : ''}`,
        suggestedAction: null,
      };
    case 'partial':
    case 'rolled-back':
      return {
        reason: backReason(rollout),
        summary: `${what} ${rollout.phase === 'partial' ? 'ended in part' : 'was taken back'}: ${backWords(rollout)}; ${reached}`,
        suggestedAction:
          couldNotGoBack(rollout) ?? lostGate(rollout)?.suggestedAction ?? 'look at the nodes that went back: `takt explain deployment`',
      };
    case 'aborted':
      return {
        reason: 'Aborted',
        summary: `${what} was aborted; ${reached}`,
        suggestedAction: `to take those back: takt rollout rollback ${name}`,
      };
    case 'superseded':
      return { reason: 'Superseded', summary: `${what} gave way to a newer rollout`, suggestedAction: null };
  }
}

/** Nodes that still have what was taken back come before everything else. */
function couldNotGoBack({ name, members }: RolloutDetail): string | undefined {
  const stuck = members.find(
    ({ bucket, reason }) => bucket === MemberBucket.failed && (reason === 'RevertFailed' || reason === 'RevertOverdue'),
  );
  return stuck === undefined
    ? undefined
    : `see what keeps it from going back: \`takt explain node ${stuck.node.name}\`; then \`takt rollout rollback ${name}\` tries again`;
}

function running(rollout: RolloutDetail, what: string, reached: string): Verdict {
  const wave = rollout.waves[rollout.currentWave];
  if (wave?.step === 'soaking') {
    const open = rollout.gates.filter((gate) => gate.wave === wave.index && gate.decidedAt === null);
    const waits = open.flatMap((gate) => gate.missing.map((missing) => `${gate.profile}: ${missing}`));
    return {
      reason: 'Measuring',
      summary: `${what}: ${wave.name} is measured; ${waits.join('; ') || 'its gate waits for figures'}; ${reached}`,
      suggestedAction: null,
    };
  }
  const stuck = rollout.members.filter((member) => member.bucket === MemberBucket.deferred);
  if (stuck.length > 0 && rollout.counts.working === 0) {
    const named = stuck.slice(0, NAMED).map((member) => `${member.node.name} (${member.reason ?? ''}: ${member.message})`);
    return {
      reason: stuck[0]?.reason ?? 'Deferred',
      summary: `${what}: ${wave?.name ?? ''} waits for ${String(stuck.length)} deferred ${stuck.length === 1 ? 'node' : 'nodes'}: ${named.join('; ')}`,
      suggestedAction: 'clear what stands in the way, or wait: the wave goes on without them at its deadline',
    };
  }
  return {
    reason: 'Moving',
    summary: `${what}: ${wave?.name ?? ''} is moved, ${String(rollout.counts.working)} nodes at work; ${reached}`,
    suggestedAction: null,
  };
}

const lostGate = (rollout: RolloutDetail): GateView | undefined =>
  rollout.gates.find((gate) => gate.decidedAt !== null && gate.outcome !== 'successful' && gate.decidedBy === 'gate');

/** By whom and why nodes went back: a gate, or a person. */
const backReason = (rollout: RolloutDetail): string => {
  const gate = lostGate(rollout);
  return gate === undefined ? 'OperatorRollback' : `Gate${gate.reason}`;
};

function backWords(rollout: RolloutDetail): string {
  const gate = lostGate(rollout);
  return gate === undefined
    ? 'an operator rolled it back'
    : `the gate of ${waveName(rollout, gate.wave)} on ${gate.profile} is ${gate.outcome}: ${gate.message}`;
}

import type { Explanation, GateView } from '@takt/contracts';
import type { RequestContext } from '../http/context.js';
import type { RolloutQueries } from '../rollout/fleet/rollout-queries.js';

export class ExplainGate {
  constructor(private readonly queries: RolloutQueries) {}

  async execute(ctx: RequestContext, id: string): Promise<Explanation> {
    const gate = await this.queries.gate(ctx, id);
    const overridden = gate.decidedBy !== null && gate.decidedBy !== 'gate' ? ` (${gate.decidedBy} let it pass)` : '';
    return {
      object: { kind: 'gate', id: gate.id, name: `${gate.rollout.name}, wave ${String(gate.wave + 1)}, ${gate.profile}` },
      reason: gate.reason,
      summary: `gate of wave ${String(gate.wave + 1)} on ${gate.profile} in rollout ${gate.rollout.name} is ${gate.outcome}${overridden}: ${gate.message}`,
      suggestedAction: gate.decidedAt !== null && gate.outcome === 'successful' ? null : gate.suggestedAction,
      findings: gateFindings(gate),
      figures: figuresOf(gate),
      timeline: [
        { at: gate.startedAt, code: 'GateStarted', message: 'first measured' },
        ...(gate.decidedAt === null
          ? []
          : [{ at: gate.decidedAt, code: 'GateDecided', message: `${gate.outcome}, decided by ${gate.decidedBy ?? ''}` }]),
      ],
    };
  }
}

/** A gate's findings as explanations show them; what is not shown to be kept is not kept. */
export const gateFindings = (gate: GateView, where = ''): Explanation['findings'] =>
  gate.findings
    .map((finding) => ({
      code: finding.code,
      held: finding.outcome === 'successful',
      measured: finding.measured ?? Number.NaN,
      bound: finding.bound,
      unit: finding.unit === 'nodes' ? 'count' : finding.unit,
      message: `${where}${finding.message}`,
    }))
    .filter((finding) => Number.isFinite(finding.measured));

function figuresOf(gate: GateView): Explanation['figures'] {
  const figures: Record<string, number | string | null> = {
    outcome: gate.outcome,
    nodesMoved: gate.nodes.attempted,
    nodesMeasured: gate.nodes.measured,
    nodesWentBack: gate.nodes.rolledBack,
    nodesFailed: gate.nodes.failed,
    controlNodes: gate.nodes.controls,
    ...(gate.look === null
      ? {}
      : {
          look: gate.look.number,
          looksPlanned: gate.look.planned,
          confidenceToPass: gate.look.confidenceToPass,
          nextLookAtSeconds: gate.look.nextAtSeconds,
        }),
  };
  for (const group of gate.distributions) {
    const key = group.group.replace(/ (\w)/, (_, letter: string) => letter.toUpperCase());
    figures[`${key}P50Ms`] = group.p50Ms;
    figures[`${key}P95Ms`] = group.p95Ms;
    figures[`${key}Fps`] = group.deliveredFps;
    figures[`${key}Frames`] = group.frames;
  }
  for (const finding of gate.findings) {
    if (finding.lower === null || finding.upper === null) continue;
    figures[`${finding.code}Measured`] = finding.measured;
    figures[`${finding.code}Lower`] = finding.lower;
    figures[`${finding.code}Upper`] = finding.upper;
    figures[`${finding.code}Allowed`] = finding.bound;
  }
  return figures;
}

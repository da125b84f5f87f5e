import type { DeploymentDetail, GateView } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { fleetLoopText, gateText, localLoopText } from './rollout-report.js';

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 10, 0, seconds)).toISOString();

/** A deployment as far as the texts read it. */
const deployment = (states: Record<string, number>, change: Partial<DeploymentDetail> = {}): DeploymentDetail =>
  ({
    node: { id: 'a', name: 'north-1' },
    state: Object.keys(states).at(-1),
    reason: null,
    health: null,
    transitions: Object.entries(states).map(([state, second]) => ({ state, at: at(second) })),
    endedAt: at(Math.max(...Object.values(states))),
    ...change,
  }) as DeploymentDetail;

const gate = (change: Partial<GateView>): GateView =>
  ({
    outcome: 'failed',
    reason: 'ServiceTimeP50',
    nodes: { total: 1, attempted: 1, succeeded: 1, failed: 0, rolledBack: 0, measured: 1, controls: 2 },
    findings: [
      {
        code: 'NodesFailed',
        outcome: 'successful',
        unit: 'nodes',
        message: '0 of 1 nodes did not keep the release',
        measured: 0,
        bound: 0,
      },
      {
        code: 'ServiceTimeP50',
        outcome: 'failed',
        against: 'control and past',
        measured: 0.94,
        lower: 0.9,
        upper: 1.02,
        bound: 0.1,
        unit: 'fraction',
        message: '',
      },
      { code: 'ErrorRate', outcome: 'successful', against: 'policy', measured: 0, lower: null, upper: null, bound: 0.01, unit: 'fraction' },
    ],
    distributions: [
      { group: 'updated before', slots: 1, frames: 300, p50Ms: 20, p95Ms: 25 },
      { group: 'updated after', slots: 1, frames: 90, p50Ms: 38.8, p95Ms: 47 },
    ],
    ...change,
  }) as GateView;

describe('what the demo says of rollouts', () => {
  it('shows the numbers of a gate', () => {
    expect(gateText(gate({})).split('\n')).toEqual([
      '    ✗ gate failed (ServiceTimeP50): 1 of 1 nodes measured, 2 control boxes; p50 20.0 → 38.8 ms, p95 25.0 → 47.0 ms over 90 frames',
      '      ✓ 0 of 1 nodes did not keep the release',
      '      ✗ service-time p50 +94.0 % (+90.0 % to +102.0 %), allowed +10.0 %, against control and past',
      '      ✓ errors 0.0 %, allowed 1.0 %',
    ]);
    expect(gateText(gate({ findings: [], distributions: [], outcome: 'successful', reason: 'WithinMargins' }))).toBe(
      '    ✓ gate successful (WithinMargins): 1 of 1 nodes measured, 2 control boxes',
    );
  });

  it('marks what could not be decided as neither kept nor broken', () => {
    const [finding] = gate({}).findings;
    const undecided = gate({
      outcome: 'inconclusive',
      reason: 'MaxSoakReached',
      findings: [{ ...finding, outcome: 'inconclusive' }] as never,
    });
    expect(
      gateText(undecided)
        .split('\n')
        .map((line) => line.trim().slice(0, 1)),
    ).toEqual(['?', '?']);
  });

  it('says which loop acted and how long it took', () => {
    const health = { rollbackMs: 4200 } as DeploymentDetail['health'];
    expect(localLoopText(deployment({ checking: 10, 'rolled-back': 15 }, { health }), at(17))).toBe(
      "  ➜ the LOCAL loop acted: north-1 rolled back without the fleet, 4.2 s after the new engine's first frame; the rollout ended 2.0 s later; no other node was touched",
    );
    const move = deployment({ checking: 10, committed: 30 }, { reason: 'BreachReported' });
    const revert = deployment({ activating: 45, committed: 47 });
    const after = "the engine before serves again 37.0 s after the new one's first frame, 17.0 s after its commit";
    expect(fleetLoopText({ gates: [gate({})] }, move, revert)).toBe(
      `  ➜ the FLEET loop acted: north-1 kept the slow engine (BreachReported), its gate ended as failed (ServiceTimeP50), and the fleet rolled it back; ${after}`,
    );
    expect(fleetLoopText({ gates: [gate({ outcome: 'inconclusive', reason: 'MaxSoakReached' })] }, move, revert)).toContain(
      'its gate ended as inconclusive (MaxSoakReached), and the fleet rolled it back',
    );
  });
});

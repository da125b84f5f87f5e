import { asId } from '@takt/kernel';
import type { DeploymentId } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeploymentState, isTerminal } from './deployment-state.js';
import { applyDeploymentReport } from './apply-report.js';
import { slotAfter, startDeployment } from './slot-decisions.js';
import type { SlotTargets } from './slot-decisions.js';

const id = (n: number): DeploymentId => asId(`deployment-${String(n)}`);
const empty: SlotTargets = { target: null, active: null };

describe('slot decisions', () => {
  it('a committed deployment becomes the active one', () => {
    expect(slotAfter({ target: id(1), active: null }, { id: id(1), state: 'committed' })).toEqual({ target: id(1), active: id(1) });
  });

  it.each(['rolled-back', 'failed', 'cancelled'] as const)('%s sends the slot back to the last committed one', (state) => {
    expect(slotAfter({ target: id(2), active: id(1) }, { id: id(2), state })).toEqual({ target: id(1), active: id(1) });
    expect(slotAfter({ target: id(1), active: null }, { id: id(1), state })).toEqual(empty);
  });

  it('an end of a deployment that is not the target changes nothing', () => {
    const slot = { target: id(3), active: id(1) };
    for (const state of Object.values(DeploymentState)) expect(slotAfter(slot, { id: id(2), state })).toBe(slot);
  });

  it('a new deployment supersedes one that has not ended, and only that', () => {
    expect(startDeployment({ target: id(1), active: null }, { id: id(1), state: 'building' }, id(2))).toEqual({
      slot: { target: id(2), active: null },
      superseded: id(1),
    });
    expect(startDeployment({ target: id(1), active: id(1) }, { id: id(1), state: 'committed' }, id(2)).superseded).toBeNull();
    expect(startDeployment(empty, null, id(1))).toEqual({ slot: { target: id(1), active: null }, superseded: null });
  });

  it('after any history at most one deployment is unended, and an idle slot targets its active one', () => {
    const action = fc.oneof(fc.constant('deploy' as const), fc.constantFrom(...Object.values(DeploymentState)));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const rows = new Map<DeploymentId, DeploymentState>();
        let slot = empty;
        for (const next of actions) {
          if (next === 'deploy') {
            const fresh = id(rows.size + 1);
            const current = slot.target === null ? null : { id: slot.target, state: rows.get(slot.target) ?? 'pending' };
            const started = startDeployment(slot, current, fresh);
            if (started.superseded !== null) rows.set(started.superseded, 'superseded');
            rows.set(fresh, 'pending');
            slot = started.slot;
            continue;
          }
          const target = slot.target;
          if (target === null || next === 'superseded') continue;
          const step = applyDeploymentReport(rows.get(target) ?? 'pending', next);
          if (!step.ok || step.value.kind === 'noop') continue;
          rows.set(target, step.value.to);
          slot = slotAfter(slot, { id: target, state: step.value.to });
        }
        const open = [...rows].filter(([, state]) => !isTerminal(state));
        expect(open.length).toBeLessThanOrEqual(1);
        if (open.length === 0) expect(slot.target).toBe(slot.active);
        if (slot.active !== null) expect(rows.get(slot.active)).toBe('committed');
      }),
    );
  });
});

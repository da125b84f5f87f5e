import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDeploymentReport } from './apply-report.js';
import { DEPLOYMENT_TRANSITIONS, DeploymentState, isTerminal } from './deployment-state.js';

const states = Object.values(DeploymentState);
const anyState = fc.constantFrom(...states);

describe('applyDeploymentReport', () => {
  it('follows the table for every pair of states', () => {
    for (const from of states) {
      for (const to of states) {
        const step = applyDeploymentReport(from, to);
        if (from === to) expect(step).toEqual({ ok: true, value: { kind: 'noop' } });
        else if (DEPLOYMENT_TRANSITIONS[from].includes(to)) expect(step).toEqual({ ok: true, value: { kind: 'transition', from, to } });
        else expect(step.ok).toBe(false);
      }
    }
  });

  it('says DeploymentEnded for a terminal state and names both states', () => {
    expect(applyDeploymentReport('committed', 'checking')).toEqual({
      ok: false,
      error: { code: 'DeploymentEnded', message: 'the deployment ended as committed and cannot become checking' },
    });
    expect(applyDeploymentReport('fetching', 'checking')).toMatchObject({ error: { code: 'StateNotAllowed' } });
  });

  it('never leaves a terminal state and never visits a state twice, whatever is reported', () => {
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 40 }), (reports) => {
        let state: DeploymentState = 'pending';
        const visited: DeploymentState[] = [state];
        for (const reported of reports) {
          const step = applyDeploymentReport(state, reported);
          if (!step.ok || step.value.kind === 'noop') continue;
          expect(isTerminal(state)).toBe(false);
          state = step.value.to;
          visited.push(state);
        }
        expect(new Set(visited).size).toBe(visited.length);
      }),
    );
  });

  it('gives the same end when reports are repeated', () => {
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 20 }), (reports) => {
        const run = (list: readonly DeploymentState[]): DeploymentState =>
          list.reduce<DeploymentState>((state, reported) => {
            const step = applyDeploymentReport(state, reported);
            return step.ok && step.value.kind === 'transition' ? step.value.to : state;
          }, 'pending');
        expect(run(reports.flatMap((state) => [state, state]))).toBe(run(reports));
      }),
    );
  });
});

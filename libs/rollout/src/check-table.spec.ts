import { describe, expect, it } from 'vitest';
import { transitionTableFaults } from './check-table.js';
import { DEPLOYMENT_TRANSITIONS } from './deployment-state.js';

describe('transitionTableFaults', () => {
  it('finds none in the deployment table', () => {
    expect(transitionTableFaults(DEPLOYMENT_TRANSITIONS, 'pending')).toEqual([]);
  });

  it('names an unknown target, an unreachable state and a state that never ends', () => {
    expect(transitionTableFaults({ a: ['b', 'x'], b: ['a'], c: [] }, 'a')).toEqual([
      'a → x: there is no state x',
      'c cannot be reached from a',
      'a never ends',
      'b never ends',
    ]);
  });
});

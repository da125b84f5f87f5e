import type { EventView } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { plainStyle } from '../output/style.js';
import { renderEventLine } from './events.js';

describe('renderEventLine', () => {
  it('is one line, whatever the message holds', () => {
    const event: EventView = {
      seq: 1,
      at: '2026-01-01T00:00:00.000Z',
      actor: 'node-a',
      code: 'NodeCondition',
      severity: 'info',
      message: 'slow\n2026-01-01 00:00:01  RolloutSucceeded\trollout r-1  all is well',
      object: { kind: 'node', id: '1', name: 'node-a' },
      site: null,
      data: {},
    };
    expect(renderEventLine(event, plainStyle).split('\n')).toHaveLength(1);
    expect(renderEventLine(event, plainStyle)).toContain('node node-a  slow 2026-01-01 00:00:01  RolloutSucceeded rollout');
  });
});

import type { RuntimeStatus } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { sourceCondition } from './source-condition.js';

const fine: RuntimeStatus['source'] = { error: null, unreadable: 0, firstUnreadable: null };
const error = { code: 'SourceNotAnswering', message: '/frames does not answer', action: 'check the mount', retryable: true };
const image = { code: 'ImageUnreadable', message: '/a.jpg is no picture', action: 'replace it', retryable: false };

describe('sourceCondition', () => {
  it('says nothing while no runtime does', () => {
    expect(sourceCondition([{ slug: 'strip', source: null }])).toBeUndefined();
  });

  it('names the line, the reason and what to do: of a source that is not there, or of an image in it', () => {
    expect(sourceCondition([{ slug: 'strip', source: fine }])).toMatchObject({ status: 'true', reason: 'Readable' });
    const lines = [
      { slug: 'strip', source: fine },
      { slug: 'press', source: { ...fine, error } },
      { slug: 'saw', source: { ...fine, unreadable: 3, firstUnreadable: image } },
    ];
    expect(sourceCondition(lines)).toEqual({
      status: 'false',
      reason: 'SourceNotAnswering',
      message: 'line press: /frames does not answer; line saw: /a.jpg is no picture',
      action: 'check the mount',
    });
  });

  it('names the first five of many lines and counts the others', () => {
    const lines = Array.from({ length: 1000 }, (_none, index) => ({ slug: `line-${String(index)}`, source: { ...fine, error } }));
    const message = sourceCondition(lines)?.message ?? '';
    expect(message).toContain('line-4:');
    expect(message).not.toContain('line-5:');
    expect(message).toContain('and 995 more');
  });
});

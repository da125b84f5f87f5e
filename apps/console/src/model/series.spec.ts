import type { ModelFigures } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { barsByProfile, recipesIn } from './series.js';

const row = (profile: string, recipe: string, capacityFps: number): ModelFigures['rows'][number] =>
  ({ profile, recipe, capacityFps }) as unknown as ModelFigures['rows'][number];

describe('series', () => {
  const rows = [row('b', 'int8', 40), row('b', 'fp32', 19), row('a', 'fp32', 5), row('b', 'int8', 44)];

  it('takes the fastest of each recipe, per profile', () => {
    expect(barsByProfile(rows)).toEqual([
      { profile: 'a', capacity: { fp32: 5 } },
      { profile: 'b', capacity: { int8: 44, fp32: 19 } },
    ]);
  });

  it('keeps one order of recipes', () => {
    expect(recipesIn(rows)).toEqual(['fp32', 'int8']);
  });
});

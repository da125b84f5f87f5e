import { describe, expect, it } from 'vitest';
import { normalQuantile, studentQuantile } from './student-t.js';

describe('quantiles', () => {
  it('are those of the tables', () => {
    expect(normalQuantile(0.95)).toBeCloseTo(1.645, 2);
    expect(normalQuantile(0.975)).toBeCloseTo(1.96, 2);
    expect(studentQuantile(0.95, 3)).toBeCloseTo(2.353, 1);
    expect(studentQuantile(0.95, 10)).toBeCloseTo(1.812, 2);
    expect(studentQuantile(0.99, 5)).toBeCloseTo(3.365, 1);
  });
});

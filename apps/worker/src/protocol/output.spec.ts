import { describe, expect, it } from 'vitest';
import { createProgressReporter } from './output.js';

describe('createProgressReporter', () => {
  it('passes the first and last of a phase, thins out the rest and estimates the time left', () => {
    const written: { phase: string; done: number; etaSeconds: number | null }[] = [];
    let now = 0;
    const report = createProgressReporter(
      (text) => {
        written.push(JSON.parse(text) as (typeof written)[number]);
        return Promise.resolve();
      },
      { now: () => 0, monotonic: () => now },
    );
    for (let done = 0; done <= 100; done += 1) {
      report({ phase: 'evaluate', done, total: 100, message: '' });
      now += 10;
    }
    report({ phase: 'measure', done: 0, total: 10, message: '' });
    expect(written.map(({ phase, done }) => `${phase} ${String(done)}`)).toEqual([
      'evaluate 0',
      'evaluate 25',
      'evaluate 50',
      'evaluate 75',
      'evaluate 100',
      'measure 0',
    ]);
    expect(written.map(({ etaSeconds }) => etaSeconds)).toEqual([null, 0.75, 0.5, 0.25, 0, null]);
  });
});

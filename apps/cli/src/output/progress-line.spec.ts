import { describe, expect, it } from 'vitest';
import { pipedProgress, progressText, terminalProgress } from './progress-line.js';

const state = (done: number, label = 'calibrating'): Parameters<typeof progressText>[0] => ({
  label,
  done,
  total: 100,
  etaSeconds: 12,
  message: 'image 5',
});

describe('progress', () => {
  it('shows label, bar, percent, time left and message', () => {
    expect(progressText(state(45))).toBe('calibrating  █████████░░░░░░░░░░░  45 %  ETA 12 s  image 5');
    expect(progressText({ ...state(0), total: 0, etaSeconds: null, message: '' })).toBe('calibrating  ░░░░░░░░░░░░░░░░░░░░   0 %');
    expect(progressText(state(900))).toContain('100 %');
  });

  it('rewrites one line of a terminal, cut to its width, and removes it once', () => {
    const written: string[] = [];
    const line = terminalProgress(
      (text) => written.push(text),
      () => 30,
    );
    line.clear();
    line.show(state(10));
    line.clear();
    line.clear();
    expect(written).toHaveLength(2);
    expect(written[0]?.replace('\r\u001B[2K', '')).toHaveLength(29);
    expect(written[1]).toBe('\r\u001B[2K');
  });

  it('writes at most five lines per label into a pipe', () => {
    const written: string[] = [];
    const line = pipedProgress((text) => written.push(text));
    for (let done = 0; done <= 100; done++) line.show(state(done));
    expect(written).toHaveLength(5);
    line.show(state(0, 'evaluating'));
    expect(written).toHaveLength(6);
    expect(written.every((text) => text.endsWith('\n') && !text.includes('\r'))).toBe(true);
  });
});

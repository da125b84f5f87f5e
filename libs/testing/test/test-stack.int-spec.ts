import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { NodeId } from '@takt/kernel';
import { asId } from '@takt/kernel';
import { expect, it } from 'vitest';
import { startTestStack } from '../src/index.js';

it('starts both servers, restarts them, and leaves neither a process nor a folder', async () => {
  const stack = await startTestStack();
  expect(stack.postgres.url).toMatch(/^postgres:\/\/takt:/);
  const control = await stack.nats.connectControl();
  const before = await control.provisionStreams();
  const node = await stack.nats.connectNode(asId<NodeId>(randomUUID()));
  await expect(node.getDesired()).resolves.toBeUndefined();
  await node.close();
  await control.close();

  await Promise.all([stack.postgres.kill(), stack.nats.kill()]);
  await stack.nats.wipeStore();
  await Promise.all([stack.postgres.start(), stack.nats.start()]);
  const again = await stack.nats.connectControl();
  expect((await again.provisionStreams()).desired.created).not.toBe(before.desired.created);
  await again.close();

  expect(stack.guard.running()).toHaveLength(2);
  await stack.stop();
  expect(stack.guard.running()).toHaveLength(0);
  expect(existsSync(stack.dir)).toBe(false);
});

it('names the part that a test did not ask for', async () => {
  const stack = await startTestStack({ postgres: false });
  expect(() => stack.postgres.url).toThrow('without postgres');
  await stack.stop();
});

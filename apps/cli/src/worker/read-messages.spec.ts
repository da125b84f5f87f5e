import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readMessages } from './read-messages.js';

const progress = { type: 'progress', phase: 'calibrate', done: 1, total: 2, etaSeconds: null, message: '' };
const read = async (...chunks: string[]): Promise<unknown[]> => {
  const messages: unknown[] = [];
  for await (const message of readMessages(Readable.from(chunks))) messages.push(message);
  return messages;
};

describe('readMessages', () => {
  it('puts lines together however they are cut', async () => {
    const line = JSON.stringify(progress);
    expect(await read(line.slice(0, 10), `${line.slice(10)}\n\n${line}`, '\n')).toEqual([progress, progress]);
  });
  it.each(['hello', '{"type":"progress"}', '{"type":"other"}', '[]'])('refuses the line %s', async (line) => {
    await expect(read(`${line}\n`)).rejects.toMatchObject({ code: 'WorkerProtocolBroken' });
  });
});

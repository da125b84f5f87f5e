import { describe, expect, it } from 'vitest';
import { parseState } from './state.js';

const ports = { postgres: 20_001, nats: 20_002, http: 4600 };

describe('what the demo remembers', () => {
  it('is read as it was written', () => {
    expect(parseState(JSON.stringify({ ports, shown: true }))).toEqual({ ports, shown: true });
  });

  it.each([
    ['nothing', ''],
    ['a file that was cut', '{"ports":{"postg'],
    ['something else', 'null'],
    ['no ports', '{"shown":true}'],
    ['a port that is none', JSON.stringify({ ports: { ...ports, nats: 'x' }, shown: true })],
    ['no word on what was shown', JSON.stringify({ ports })],
  ])('counts for nothing where it is %s', (_title, content) => {
    expect(parseState(content)).toBeUndefined();
  });
});

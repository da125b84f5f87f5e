import { describe, expect, it } from 'vitest';
import { requireModelHead } from './model-head.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('requireModelHead', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['zeros', new Uint8Array(512)],
    ['a zip, as PyTorch writes it', bytes('PK\u0003\u0004')],
    ['JSON', bytes('{"a":1}')],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47)],
    ['HTML', bytes('<html>')],
  ])('refuses %s', (_, head) => {
    expect(() => {
      requireModelHead(head);
    }).toThrow(expect.objectContaining({ code: 'OnnxNotAModel' }) as Error);
  });

  it.each([0x08, 0x12, 0x3a])('takes a file that begins with field tag %i', (tag) => {
    expect(() => {
      requireModelHead(Uint8Array.of(tag, 1));
    }).not.toThrow();
  });
});

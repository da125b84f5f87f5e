import { describe, expect, it } from 'vitest';
import { Nonces } from './nonces.js';

const nonces = new Nonces(Buffer.from('key'));

describe('Nonces', () => {
  it('are valid for the key that asked, until they expire', () => {
    const { nonce, expiresInSeconds } = nonces.issue('UA', 5_000);
    expect(nonces.valid(nonce, 'UA', 5_000)).toBe(true);
    expect(nonces.valid(nonce, 'UB', 5_000)).toBe(false);
    expect(nonces.valid(nonce, 'UA', 5_000 + expiresInSeconds * 1000)).toBe(false);
  });

  it('cannot be made or changed without the secret', () => {
    const { nonce } = nonces.issue('UA', 5_000);
    expect(new Nonces(Buffer.from('other')).valid(nonce, 'UA', 5_000)).toBe(false);
    expect(nonces.valid(nonce.replace(/^\d+/, '9999999999'), 'UA', 5_000)).toBe(false);
    for (const rubbish of ['', '.', '..', 'a.b.c']) expect(nonces.valid(rubbish, 'UA', 5_000)).toBe(false);
  });
});

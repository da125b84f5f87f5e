import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const LIFE_SECONDS = 120;

/**
 * Nonces that need no memory: `<expiry>.<random>.<mac>`, bound to the public key that asked, so that any replica can check
 * them and a captured one is of no use to another key.
 */
export class Nonces {
  constructor(private readonly secret: Uint8Array) {}

  issue(publicKey: string, nowMs: number): { readonly nonce: string; readonly expiresInSeconds: number } {
    const head = `${String(Math.floor(nowMs / 1000) + LIFE_SECONDS)}.${randomBytes(16).toString('base64url')}`;
    return { nonce: `${head}.${this.#mac(head, publicKey)}`, expiresInSeconds: LIFE_SECONDS };
  }

  valid(nonce: string, publicKey: string, nowMs: number): boolean {
    const [expiry = '', random = '', mac = ''] = nonce.split('.');
    const expected = Buffer.from(this.#mac(`${expiry}.${random}`, publicKey));
    const given = Buffer.from(mac);
    return expected.length === given.length && timingSafeEqual(expected, given) && Number(expiry) * 1000 > nowMs;
  }

  #mac(head: string, publicKey: string): string {
    return createHmac('sha256', this.secret).update(`join\n${head}\n${publicKey}`).digest('base64url');
  }
}

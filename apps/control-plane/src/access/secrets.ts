import { createHash, randomBytes } from 'node:crypto';

/** Secrets are 160 bits at random, so a plain hash is enough to keep them. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';

/** Four groups of five letters, easy to read aloud: 99 bits. */
export function newLoginCode(): string {
  const letters = Array.from({ length: 20 }, () => {
    for (;;) {
      const [byte = 255] = randomBytes(1);
      if (byte < ALPHABET.length * 8) return ALPHABET.charAt(byte % ALPHABET.length);
    }
  }).join('');
  return (letters.match(/.{5}/g) ?? []).join('-');
}

export const newToken = (kind: 'api' | 'join' | 'session'): string => `takt_${kind}_${randomBytes(20).toString('base64url')}`;

export const normalizeLoginCode = (code: string): string => code.trim().toUpperCase();

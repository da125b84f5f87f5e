import { createUser, fromPublic, fromSeed } from '@nats-io/nkeys';

/** A node's own key. The seed stays on the node; only the public half ever leaves it. */
export interface NodeKey {
  /** NATS user public key, `U…`. */
  readonly publicKey: string;
  /** NATS user seed, `SU…`: a secret. */
  readonly seed: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const createNodeKey = (): NodeKey => {
  const pair = createUser();
  return { publicKey: pair.getPublicKey(), seed: decoder.decode(pair.getSeed()) };
};

/** Public half of a stored seed. @throws on a damaged seed */
export const publicKeyOfSeed = (seed: string): string => fromSeed(encoder.encode(seed.trim())).getPublicKey();

/** Ed25519 signature over the nonce's UTF-8 bytes, base64. */
export const signNonce = (seed: string, nonce: string): string =>
  Buffer.from(fromSeed(encoder.encode(seed.trim())).sign(encoder.encode(nonce))).toString('base64');

/** Whether `signature` (base64) over `nonce` was made by the holder of `publicKey`. False on anything malformed. */
export const verifyNonce = (publicKey: string, nonce: string, signature: string): boolean => {
  try {
    return fromPublic(publicKey).verify(encoder.encode(nonce), new Uint8Array(Buffer.from(signature, 'base64')));
  } catch {
    return false;
  }
};

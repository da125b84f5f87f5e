import { createHmac, timingSafeEqual } from 'node:crypto';
import { asId } from '@takt/kernel';
import type { Clock, Digest } from '@takt/kernel';
import { refused } from '../errors.js';
import type { ArtifactGrant } from '../http/context.js';

/**
 * Permission in a URL: `<access>.<node>.<size>.<expiry>.<job>.<mac>`, where the MAC also covers the digest. It allows one file,
 * one way, for some minutes, and needs no memory, so any replica can check it.
 */
export class Grants {
  constructor(
    private readonly secret: Uint8Array,
    private readonly clock: Clock,
  ) {}

  issue(grant: ArtifactGrant): string {
    const head = [grant.access, grant.nodeId, String(grant.sizeBytes), String(grant.expiresAt), grant.jobId].join('.');
    return `${head}.${this.#mac(head, grant.digest)}`;
  }

  /** @throws TaktError `GrantInvalid` */
  verify(text: string, access: ArtifactGrant['access'], digest: string): ArtifactGrant {
    const [kind = '', nodeId = '', size = '', expiry = '', jobId = '', mac = ''] = text.split('.');
    const expected = Buffer.from(this.#mac([kind, nodeId, size, expiry, jobId].join('.'), digest));
    const given = Buffer.from(mac);
    const genuine = expected.length === given.length && timingSafeEqual(expected, given);
    if (!genuine || kind !== access || Number(expiry) <= this.clock.now()) {
      throw refused('GrantInvalid', `the grant does not allow to ${access} ${digest}, or has expired`, 'ask for a new grant', digest);
    }
    return { access, nodeId, digest: asId<Digest>(digest), sizeBytes: Number(size), expiresAt: Number(expiry), jobId };
  }

  #mac(head: string, digest: string): string {
    return createHmac('sha256', this.secret).update(`grant\n${head}\n${digest}`).digest('base64url');
  }
}

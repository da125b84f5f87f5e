import { randomUUID } from 'node:crypto';
import type { JoinReply, joinRequestSchema } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, NodeId } from '@takt/kernel';
import { issueNodeUser, verifyNonce } from '@takt/messaging';
import type { Trust } from '@takt/messaging';
import { isUniqueViolation } from '@takt/persistence';
import type { Database, FleetNode, Stores } from '@takt/persistence';
import type { z } from 'zod';
import { hashSecret } from '../access/secrets.js';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import { refused } from '../errors.js';
import { record } from '../record.js';
import type { Addresses } from './addresses.js';
import type { Nonces } from './nonces.js';

/** Leaves room for a number in a slug of 63 characters. */
const LONGEST = 55;
/** Enough for as many nodes of one hostname joining in the same moment. */
const ATTEMPTS = 20;

/** Proves the key, spends the token and gives the node its identity. The same key gets the same node again. */
export class JoinNode {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly nonces: Nonces,
    private readonly trust: Trust,
    private readonly addresses: Addresses,
    private readonly refresh: RefreshDesired,
  ) {}

  async execute(input: z.output<typeof joinRequestSchema>): Promise<JoinReply> {
    const now = new Date(this.clock.now());
    if (!this.nonces.valid(input.nonce, input.publicKey, now.getTime()) || !verifyNonce(input.publicKey, input.nonce, input.signature)) {
      throw refused(
        'JoinProofInvalid',
        'the node did not prove that it holds its key',
        'ask for a new challenge and sign it; check the clock of the node',
      );
    }
    const { node, site } = await this.#take(input, now);
    const identity = await issueNodeUser(this.trust, node.id, node.publicKey, this.addresses.nodeJwtSeconds, now.getTime());
    return {
      nodeId: node.id,
      nodeName: node.name,
      site,
      jwt: identity.jwt,
      expiresAt: identity.expiresAt,
      natsUrls: [...this.addresses.natsUrls],
      serverUrl: this.addresses.publicUrl(),
    };
  }

  /** Another node may get the same name, or this key its node, in the same moment: then once more, with what is there now. */
  async #take(input: z.output<typeof joinRequestSchema>, now: Date): Promise<{ node: FleetNode; site: string }> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.db.transaction(async (stores) => {
          const known = await stores.nodes.findByKey(input.publicKey);
          const node = known ?? (await this.#admit(stores, input, now));
          const owner = await stores.sites.find(node.siteId);
          return { node, site: owner?.name ?? node.siteId };
        });
      } catch (error) {
        if (attempt >= ATTEMPTS || !isUniqueViolation(error)) throw error;
      }
    }
  }

  async #admit(stores: Stores, input: z.output<typeof joinRequestSchema>, now: Date): Promise<FleetNode> {
    if (input.token === undefined)
      throw refused(
        'JoinTokenInvalid',
        'the key of this node is not known here and it came without a join token',
        'make one with `takt join-token create --site SITE`',
      );
    const token = await stores.access.findJoinToken(hashSecret(input.token));
    if (token === null)
      throw refused('JoinTokenInvalid', 'the join token is not known here', 'make one with `takt join-token create --site SITE`');
    if (token.expiresAt.getTime() <= now.getTime()) {
      throw refused(
        'JoinTokenExpired',
        `the join token expired at ${token.expiresAt.toISOString()}`,
        'make a new one with `takt join-token create`',
      );
    }
    if (token.usesLeft < 1) {
      throw refused(
        'JoinTokenUsedUp',
        `the join token was good for ${String(token.uses)} node(s), all used`,
        'make a new one with `takt join-token create`',
      );
    }
    await stores.access.spendJoinToken(token);
    const node: FleetNode = {
      id: asId<NodeId>(randomUUID()),
      siteId: asId(token.siteId),
      name: await freeName(stores, input.name ?? slugOf(input.hostname)),
      publicKey: input.publicKey,
      hostname: input.hostname,
      joinedAt: now,
      agentVersion: null,
      fingerprint: null,
      profile: null,
      facts: null,
      conditions: [],
    };
    await stores.nodes.add(node);
    await this.refresh.nodes(stores, [node.id], now);
    record(stores, `node:${node.name}`, now, {
      code: 'NodeJoined',
      message: `node ${node.name} joined with a token of its site`,
      object: { kind: 'node', id: node.id, name: node.name },
      siteId: node.siteId,
      data: { hostname: input.hostname, joinToken: token.id },
    });
    return node;
  }
}

/** The host's name as a slug. */
const slugOf = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '') || 'node';

/** The name itself, or with a number where another node has it. */
async function freeName(stores: Stores, name: string): Promise<string> {
  if ((await stores.nodes.find(name)) === null) return name;
  for (let count = 2; ; count += 1) {
    const numbered = `${name.slice(0, LONGEST)}-${String(count)}`;
    if ((await stores.nodes.find(numbered)) === null) return numbered;
  }
}

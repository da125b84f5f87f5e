import { canonicalJson } from '@takt/kernel';
import type { Digest, NodeId, Sha256 } from '@takt/kernel';
import type { Stores } from '@takt/persistence';
import { buildDesiredBody } from './build-desired.js';

/**
 * Brings nodes' desired rows in line with the rows they are made of, in the caller's transaction. A body that is the same
 * byte for byte keeps its generation; any other is the next generation and marks the node dirty for the relay.
 */
export class RefreshDesired {
  constructor(private readonly sha256: Sha256) {}

  async nodes(stores: Stores, nodeIds: readonly NodeId[], now: Date): Promise<void> {
    for (const nodeId of [...new Set(nodeIds)].sort()) {
      const current = await stores.desired.lock(nodeId);
      const body = await buildDesiredBody(stores, nodeId);
      const digest = `sha256:${this.sha256(canonicalJson(body))}` as Digest;
      if (digest === current.digest) continue;
      await stores.desired.save({ nodeId, generation: current.generation + 1, digest, body, issuedAt: now });
    }
  }
}

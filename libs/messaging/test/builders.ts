import { createHash, randomUUID } from 'node:crypto';
import type { DesiredState, Heartbeat, Report } from '@takt/contracts';
import type { Digest, NodeId } from '@takt/kernel';
import { asId, canonicalJson } from '@takt/kernel';

export const EPOCH = '4d7a7c3e-1f1b-4c57-9a8e-0c3b0a6f5d11';
export const newNodeId = (): NodeId => asId<NodeId>(randomUUID());

export const desired = (nodeId: NodeId, generation: number, epoch = EPOCH, salt = ''): DesiredState => ({
  schemaVersion: 1,
  nodeId,
  epoch,
  generation,
  digest: asId<Digest>(
    `sha256:${createHash('sha256')
      .update(`${canonicalJson({ slots: [], jobs: [] })}${salt}`)
      .digest('hex')}`,
  ),
  issuedAt: '2026-01-01T00:00:00.000Z',
  body: { slots: [], jobs: [] },
});

export const report = (nodeId: NodeId, seq: number): Report => ({
  schemaVersion: 1,
  nodeId,
  seq,
  at: '2026-01-01T00:00:00.000Z',
  observedGeneration: 1,
  body: {
    kind: 'condition',
    condition: {
      type: 'RuntimeReachable',
      status: 'true',
      reason: 'Answered',
      message: 'the runtime answers',
      action: null,
      since: '2026-01-01T00:00:00.000Z',
    },
  },
});

export const heartbeat = (nodeId: NodeId): Heartbeat => ({
  schemaVersion: 1,
  nodeId,
  at: '2026-01-01T00:00:00.000Z',
  uptimeSeconds: 1,
  rssMiB: 40,
  observedGeneration: 1,
  lastSeq: 0,
  slots: [],
});

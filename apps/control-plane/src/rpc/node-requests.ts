import type { ServerArtifactStore } from '@takt/artifact-store';
import { API_PREFIX } from '@takt/contracts';
import type { grantReplySchema, grantRequestSchema, renewReplySchema } from '@takt/contracts';
import type { Clock, Digest, NodeId } from '@takt/kernel';
import { issueNodeUser } from '@takt/messaging';
import type { Trust } from '@takt/messaging';
import type { Database, FleetNode } from '@takt/persistence';
import type { z } from 'zod';
import type { Grants } from '../content/grants.js';
import { refused } from '../errors.js';
import type { Addresses } from '../join/addresses.js';
import type { TakeReport } from '../reports/take-report.js';

/** What a node may ask for. `nodeId` is from the subject, which the NATS server checked. */
export class NodeRequests {
  constructor(
    private readonly db: Database,
    private readonly files: ServerArtifactStore,
    private readonly grants: Grants,
    private readonly trust: Trust,
    private readonly clock: Clock,
    private readonly takeReport: Pick<TakeReport, 'passOver'>,
    private readonly options: Addresses & { readonly grantSeconds: number; readonly maxStatisticsBytes: number },
  ) {}

  /** `firstSeq` is the oldest report the node still has: a gap below it is passed over. */
  async confirm(nodeId: NodeId, firstSeq?: number): Promise<{ confirmedSeq: number }> {
    await this.#node(nodeId);
    const { reports } = this.db.stores;
    if (firstSeq !== undefined && firstSeq > (await reports.confirmed(nodeId)) + 1) await this.takeReport.passOver(nodeId, firstSeq);
    return { confirmedSeq: await reports.confirmed(nodeId) };
  }

  /** Reading: what its desired state names. Writing: the statistics of a calibration that it was given. */
  async grant(nodeId: NodeId, request: z.output<typeof grantRequestSchema>): Promise<z.output<typeof grantReplySchema>> {
    const node = await this.#node(nodeId);
    if (request.access === 'write') {
      const [job] = await this.db.stores.jobs.openCalibrationsOf(nodeId);
      if (job === undefined)
        throw refused(
          'ArtifactNotGranted',
          `node ${node.name} has no job that makes a file`,
          'nothing to do; the job is over',
          request.artifact.digest,
        );
      const { digest, sizeBytes, fileName } = request.artifact;
      if (sizeBytes > this.options.maxStatisticsBytes) {
        throw refused(
          'ArtifactTooLarge',
          `the statistics have ${String(sizeBytes)} bytes; the limit is ${String(this.options.maxStatisticsBytes)}`,
          'raise TAKT_MAX_STATISTICS_BYTES of the control plane, then deploy again',
          digest,
        );
      }
      return this.#reply(node, 'write', digest, sizeBytes, { fileName, jobId: job.id });
    }
    const desired = await this.db.stores.desired.find(nodeId);
    if (desired === null || !JSON.stringify(desired.body).includes(request.digest)) {
      throw refused(
        'ArtifactNotGranted',
        `desired state of node ${node.name} does not name ${request.digest}`,
        'read the desired state again',
        request.digest,
      );
    }
    const sizeBytes = await this.files.size(request.digest);
    if (sizeBytes === undefined)
      throw refused('ArtifactMissing', `the store has lost ${request.digest}`, 'push the file again', request.digest);
    return this.#reply(node, 'read', request.digest, sizeBytes);
  }

  async renew(nodeId: NodeId): Promise<z.output<typeof renewReplySchema>> {
    const node = await this.#node(nodeId);
    const { jwt, expiresAt } = await issueNodeUser(this.trust, node.id, node.publicKey, this.options.nodeJwtSeconds, this.clock.now());
    return { jwt, expiresAt };
  }

  #reply(
    node: FleetNode,
    access: 'read' | 'write',
    digest: Digest,
    sizeBytes: number,
    made?: { readonly fileName: string; readonly jobId: string },
  ): z.output<typeof grantReplySchema> {
    const expiresAt = this.clock.now() + this.options.grantSeconds * 1000;
    const url = new URL(`${this.options.publicUrl()}${API_PREFIX}/artifacts/${digest}`);
    url.searchParams.set('grant', this.grants.issue({ access, nodeId: node.id, digest, sizeBytes, expiresAt, jobId: made?.jobId ?? '' }));
    if (made !== undefined) url.searchParams.set('fileName', made.fileName);
    return { url: url.toString(), sizeBytes, expiresInSeconds: this.options.grantSeconds };
  }

  async #node(nodeId: NodeId): Promise<FleetNode> {
    const node = await this.db.stores.nodes.find(nodeId);
    if (node === null)
      throw refused('UnknownNode', `node ${nodeId} is not known here`, 'join it again with a join token of this installation', nodeId);
    return node;
  }
}

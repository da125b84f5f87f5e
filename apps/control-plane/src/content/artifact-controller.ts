import { Body, Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import { apiRoutes } from '@takt/contracts';
import type { ArtifactRef, UploadPurpose } from '@takt/contracts';
import type { Digest } from '@takt/kernel';
import { basename, dirname } from 'node:path';
import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import { notFound } from '../errors.js';
import { ApiCall } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext, TaktRequest } from '../http/context.js';
import { StoreArtifact } from './store-artifact.js';
import { UploadLimits } from './upload-limits.js';

/** Express adds this to Node's response: whole files, ranges, conditions. */
interface FileResponse extends ServerResponse {
  sendFile(
    path: string,
    options: { root: string; dotfiles: 'deny'; etag: false; lastModified: false; cacheControl: false },
    done: (error?: Error) => void,
  ): void;
}

const announced = (request: TaktRequest): { announcedBytes?: number } => {
  const length = Number(request.headers['content-length']);
  return Number.isFinite(length) ? { announcedBytes: length } : {};
};

@Controller()
export class ArtifactController {
  constructor(
    @Inject(StoreArtifact) private readonly store: StoreArtifact,
    @Inject(ServerArtifactStore) private readonly files: ServerArtifactStore,
    @Inject(UploadLimits) private readonly limits: UploadLimits,
  ) {}

  @ApiCall(apiRoutes.checkUpload)
  async check(@Body({ schema: apiRoutes.checkUpload.body }) body: z.output<typeof apiRoutes.checkUpload.body>): Promise<void> {
    await this.limits.check(body.as, body.sizeBytes);
  }

  @ApiCall(apiRoutes.uploadArtifact)
  async upload(
    @Caller() ctx: RequestContext,
    @Req() request: TaktRequest,
    @Query({ schema: apiRoutes.uploadArtifact.query }) query: { fileName: string; as: UploadPurpose },
  ): Promise<ArtifactRef> {
    return this.store.execute(ctx.actor, { content: request, fileName: query.fileName, as: query.as, ...announced(request) });
  }

  @ApiCall(apiRoutes.putArtifact)
  async put(
    @Req() request: TaktRequest,
    @Param({ schema: apiRoutes.putArtifact.params }) params: { digest: Digest },
    @Query({ schema: apiRoutes.putArtifact.query }) query: { fileName: string; as: UploadPurpose },
  ): Promise<ArtifactRef> {
    const { takt, taktGrant } = request;
    return this.store.execute(takt?.actor ?? `node:${taktGrant?.nodeId ?? ''}`, {
      content: request,
      fileName: query.fileName,
      as: query.as,
      expected: params.digest,
      ...announced(request),
      ...(taktGrant === undefined ? {} : { maxBytes: taktGrant.sizeBytes, madeBy: taktGrant }),
    });
  }

  @ApiCall(apiRoutes.getArtifact)
  async get(@Param({ schema: apiRoutes.getArtifact.params }) params: { digest: Digest }, @Res() response: FileResponse): Promise<void> {
    if ((await this.files.size(params.digest)) === undefined) throw notFound('artifact', params.digest);
    response.setHeader('etag', `"${params.digest}"`);
    response.setHeader('cache-control', 'private, max-age=31536000, immutable');
    response.setHeader('content-type', 'application/octet-stream');
    const path = this.files.path(params.digest);
    await new Promise<void>((resolve, reject) => {
      response.sendFile(
        basename(path),
        { root: dirname(path), dotfiles: 'deny', etag: false, lastModified: false, cacheControl: false },
        (error) => {
          // A reader that goes away in the middle is no failure of the server.
          if (error === undefined || response.headersSent) resolve();
          else reject(error);
        },
      );
    });
  }
}

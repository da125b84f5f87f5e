import { Delete, Get, HttpCode, Patch, Post, Put, SetMetadata, applyDecorators } from '@nestjs/common';
import type { ApiRoute } from '@takt/contracts';

/** Metadata key under which a handler carries its entry of the route table. */
export const ROUTE = 'takt:route';

const METHODS = { GET: Get, HEAD: Get, POST: Post, PUT: Put, PATCH: Patch, DELETE: Delete } as const;

/** Binds a handler to its entry of the route table: method, path, access and status come from there. */
export function ApiCall(route: ApiRoute): MethodDecorator {
  const created = route.method === 'POST' && route.response !== 'none';
  return applyDecorators(
    METHODS[route.method](route.path),
    SetMetadata(ROUTE, route),
    HttpCode(route.response === 'none' ? 204 : created ? 201 : 200),
  );
}

import type { Digest } from '@takt/kernel';
import type { DeploymentDetail, NodeView, StatusView } from '@takt/contracts';
import { expectTypeOf } from 'vitest';
import type { ApiClient } from './create-api-client.js';
import type { JsonRouteName, RouteInput, RouteReply } from './route-types.js';

declare const client: ApiClient;

expectTypeOf<RouteReply<'status'>>().toEqualTypeOf<StatusView>();
expectTypeOf<RouteReply<'getDeployment'>>().toEqualTypeOf<DeploymentDetail>();
expectTypeOf<RouteReply<'listNodes'>>().toEqualTypeOf<{ items: NodeView[] }>();
expectTypeOf<RouteReply<'revokeToken'>>().toEqualTypeOf<undefined>();
expectTypeOf<Extract<JsonRouteName, 'uploadArtifact' | 'putArtifact' | 'getArtifact' | 'streamEvents'>>().toEqualTypeOf<never>();

// Routes that ask for nothing need no argument; routes with parameters or a body do.
expectTypeOf(client.call('status')).toEqualTypeOf<Promise<StatusView>>();
expectTypeOf(client.call('listDeployments', { query: { limit: 5, state: 'committed' } })).resolves.toHaveProperty('items');
expectTypeOf(client.call('createSite', { body: { name: 'north' } })).resolves.toHaveProperty('id');
expectTypeOf<RouteInput<'createModel'>['body']['artifact']>().toEqualTypeOf<string>();
expectTypeOf<Digest>().toExtend<RouteInput<'createModel'>['body']['artifact']>();

// @ts-expect-error -- a route with parameters cannot be called without them
void client.call('getNode');
// @ts-expect-error -- no such parameter
void client.call('getNode', { params: { id: 'a' } });
// @ts-expect-error -- a body field of another type
void client.call('createSite', { body: { name: 5 } });
// @ts-expect-error -- no such route
void client.call('listNothing');
// @ts-expect-error -- a file does not go through call
void client.call('uploadArtifact', { query: { fileName: 'a' } });
// @ts-expect-error -- no such state
void client.call('listDeployments', { query: { state: 'done' } });
// @ts-expect-error -- this route takes no body
void client.call('listNodes', { body: {} });

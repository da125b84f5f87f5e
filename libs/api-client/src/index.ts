export { createApiClient } from './create-api-client.js';
export type { ApiClient, ApiClientOptions, ArtifactContent } from './create-api-client.js';
export type { EventNotification, FollowOptions } from './follow-events.js';
export type { FleetNotification } from './follow-fleet.js';
export type { StreamOptions } from './follow-stream.js';
export type { CallArguments, CallOptions, JsonRouteName, RouteInput, RouteReply } from './route-types.js';
export type { Fetch } from './transport.js';

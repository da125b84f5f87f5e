export { createApiClient } from './create-api-client.js';
export type { ApiClient, ApiClientOptions } from './create-api-client.js';
export type { EventNotification, FollowOptions } from './follow-events.js';
export type { CallArguments, CallOptions, JsonRouteName, RouteInput, RouteReply } from './route-types.js';
export type { Fetch } from './transport.js';
export { artifactFileName, digestOfFile } from './upload-file.js';
export type { UploadOptions } from './upload-file.js';

import { z } from 'zod';
import { digestSchema, artifactRefSchema } from '../primitives.js';
import { joinChallengeReplySchema, joinChallengeRequestSchema, joinReplySchema, joinRequestSchema } from '../node/join.js';
import {
  createJoinTokenSchema,
  createTokenSchema,
  createdJoinTokenSchema,
  createdTokenSchema,
  joinTokenViewSchema,
  loginReplySchema,
  loginRequestSchema,
  tokenViewSchema,
  whoAmISchema,
} from './access.js';
import {
  createDatasetSchema,
  createModelSchema,
  createReleaseSchema,
  datasetViewSchema,
  grantQuerySchema,
  modelViewSchema,
  releaseViewSchema,
  uploadQuerySchema,
} from './content.js';
import {
  createDeploymentsSchema,
  deploymentDetailSchema,
  deploymentQuerySchema,
  deploymentViewSchema,
  jobQuerySchema,
  jobViewSchema,
} from './deployments.js';
import { listOf, refSchema } from './envelope.js';
import type { Role } from './envelope.js';
import { eventQuerySchema, eventStreamQuerySchema, eventViewSchema, explanationSchema, healthViewSchema, statusSchema } from './insight.js';
import {
  createLineSchema,
  createSiteSchema,
  createSlotSchema,
  lineViewSchema,
  nodeViewSchema,
  siteViewSchema,
  slotViewSchema,
  updateLineSchema,
} from './topology.js';

export const API_PREFIX = '/api/v1';

/**
 * Who may call: `public` needs nothing (each is listed by name in the route walk test), `grant` takes a bearer token of
 * at least operator (write) or viewer (read), or a grant in the query; a role takes a bearer token of that role or more.
 */
export type RouteAccess = Role | 'public' | 'grant';

export interface ApiRoute {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below {@link API_PREFIX}; parameters as `:name`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly summary: string;
  readonly tag: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** `bytes` is a streamed file. */
  readonly body?: z.ZodType | 'bytes';
  /** `events` is text/event-stream; `none` is 204. */
  readonly response: z.ZodType | 'bytes' | 'events' | 'none';
}

const ref = z.object({ ref: refSchema });
const digest = z.object({ digest: digestSchema });

/** Every route of the control plane; the server registers and the client calls from this table alone. */
export const apiRoutes = {
  health: {
    method: 'GET',
    path: '/health',
    access: 'public',
    tag: 'insight',
    summary: 'Whether the control plane reaches its parts',
    response: healthViewSchema,
  },
  login: {
    method: 'POST',
    path: '/login',
    access: 'public',
    tag: 'access',
    summary: 'Exchange the one-time code for an admin token',
    body: loginRequestSchema,
    response: loginReplySchema,
  },
  whoAmI: {
    method: 'GET',
    path: '/me',
    access: 'viewer',
    tag: 'access',
    summary: 'Actor, role and sites of the token',
    response: whoAmISchema,
  },
  listTokens: { method: 'GET', path: '/tokens', access: 'admin', tag: 'access', summary: 'API tokens', response: listOf(tokenViewSchema) },
  createToken: {
    method: 'POST',
    path: '/tokens',
    access: 'admin',
    tag: 'access',
    summary: 'Make an API token',
    body: createTokenSchema,
    response: createdTokenSchema,
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/:id',
    access: 'admin',
    tag: 'access',
    summary: 'Revoke an API token',
    params: z.object({ id: z.uuid() }),
    response: 'none',
  },
  listJoinTokens: {
    method: 'GET',
    path: '/join-tokens',
    access: 'operator',
    tag: 'join',
    summary: 'Join tokens',
    response: listOf(joinTokenViewSchema),
  },
  createJoinToken: {
    method: 'POST',
    path: '/join-tokens',
    access: 'operator',
    tag: 'join',
    summary: 'Make a join token for a site',
    body: createJoinTokenSchema,
    response: createdJoinTokenSchema,
  },
  joinChallenge: {
    method: 'POST',
    path: '/join/challenge',
    access: 'public',
    tag: 'join',
    summary: 'A nonce for the node to sign',
    body: joinChallengeRequestSchema,
    response: joinChallengeReplySchema,
  },
  join: {
    method: 'POST',
    path: '/join',
    access: 'public',
    tag: 'join',
    summary: 'Prove the key, spend the token, get an identity',
    body: joinRequestSchema,
    response: joinReplySchema,
  },
  listSites: { method: 'GET', path: '/sites', access: 'viewer', tag: 'topology', summary: 'Sites', response: listOf(siteViewSchema) },
  createSite: {
    method: 'POST',
    path: '/sites',
    access: 'admin',
    tag: 'topology',
    summary: 'Make a site',
    body: createSiteSchema,
    response: siteViewSchema,
  },
  listLines: { method: 'GET', path: '/lines', access: 'viewer', tag: 'topology', summary: 'Lines', response: listOf(lineViewSchema) },
  getLine: {
    method: 'GET',
    path: '/lines/:ref',
    access: 'viewer',
    tag: 'topology',
    summary: 'One line',
    params: ref,
    response: lineViewSchema,
  },
  createLine: {
    method: 'POST',
    path: '/lines',
    access: 'operator',
    tag: 'topology',
    summary: 'Make a line',
    body: createLineSchema,
    response: lineViewSchema,
  },
  updateLine: {
    method: 'PATCH',
    path: '/lines/:ref',
    access: 'operator',
    tag: 'topology',
    summary: 'Change a line',
    params: ref,
    body: updateLineSchema,
    response: lineViewSchema,
  },
  listNodes: { method: 'GET', path: '/nodes', access: 'viewer', tag: 'topology', summary: 'Nodes', response: listOf(nodeViewSchema) },
  getNode: {
    method: 'GET',
    path: '/nodes/:ref',
    access: 'viewer',
    tag: 'topology',
    summary: 'One node',
    params: ref,
    response: nodeViewSchema,
  },
  listSlots: { method: 'GET', path: '/slots', access: 'viewer', tag: 'topology', summary: 'Slots', response: listOf(slotViewSchema) },
  getSlot: {
    method: 'GET',
    path: '/slots/:ref',
    access: 'viewer',
    tag: 'topology',
    summary: 'One slot',
    params: ref,
    response: slotViewSchema,
  },
  createSlot: {
    method: 'POST',
    path: '/slots',
    access: 'operator',
    tag: 'topology',
    summary: 'Put a model on a line, served by a node',
    body: createSlotSchema,
    response: slotViewSchema,
  },
  uploadArtifact: {
    method: 'POST',
    path: '/artifacts',
    access: 'operator',
    tag: 'content',
    summary: 'Store a file; the answer names its digest',
    query: uploadQuerySchema,
    body: 'bytes',
    response: artifactRefSchema,
  },
  putArtifact: {
    method: 'PUT',
    path: '/artifacts/:digest',
    access: 'grant',
    tag: 'content',
    summary: 'Store a file whose digest is known',
    params: digest,
    query: uploadQuerySchema.extend(grantQuerySchema.shape),
    body: 'bytes',
    response: artifactRefSchema,
  },
  getArtifact: {
    method: 'GET',
    path: '/artifacts/:digest',
    access: 'grant',
    tag: 'content',
    summary: 'Read a file, whole or by Range',
    params: digest,
    query: grantQuerySchema,
    response: 'bytes',
  },
  listModels: { method: 'GET', path: '/models', access: 'viewer', tag: 'content', summary: 'Models', response: listOf(modelViewSchema) },
  createModel: {
    method: 'POST',
    path: '/models',
    access: 'operator',
    tag: 'content',
    summary: 'Import a stored ONNX file as a model version',
    body: createModelSchema,
    response: modelViewSchema,
  },
  getModel: {
    method: 'GET',
    path: '/models/:ref',
    access: 'viewer',
    tag: 'content',
    summary: 'One model version',
    params: ref,
    response: modelViewSchema,
  },
  listDatasets: {
    method: 'GET',
    path: '/datasets',
    access: 'viewer',
    tag: 'content',
    summary: 'Data sets',
    response: listOf(datasetViewSchema),
  },
  createDataset: {
    method: 'POST',
    path: '/datasets',
    access: 'operator',
    tag: 'content',
    summary: 'Import a stored tar as a data set',
    body: createDatasetSchema,
    response: datasetViewSchema,
  },
  listReleases: {
    method: 'GET',
    path: '/releases',
    access: 'viewer',
    tag: 'rollout',
    summary: 'Releases',
    response: listOf(releaseViewSchema),
  },
  createRelease: {
    method: 'POST',
    path: '/releases',
    access: 'operator',
    tag: 'rollout',
    summary: 'Make a release',
    body: createReleaseSchema,
    response: releaseViewSchema,
  },
  getRelease: {
    method: 'GET',
    path: '/releases/:ref',
    access: 'viewer',
    tag: 'rollout',
    summary: 'One release',
    params: ref,
    response: releaseViewSchema,
  },
  listDeployments: {
    method: 'GET',
    path: '/deployments',
    access: 'viewer',
    tag: 'rollout',
    summary: 'Deployments',
    query: deploymentQuerySchema,
    response: listOf(deploymentViewSchema),
  },
  createDeployments: {
    method: 'POST',
    path: '/deployments',
    access: 'operator',
    tag: 'rollout',
    summary: 'Deploy a release to a slot, or to every slot of a node or line',
    body: createDeploymentsSchema,
    response: listOf(deploymentViewSchema),
  },
  getDeployment: {
    method: 'GET',
    path: '/deployments/:id',
    access: 'viewer',
    tag: 'rollout',
    summary: 'One deployment with its history, candidates and check',
    params: z.object({ id: z.uuid() }),
    response: deploymentDetailSchema,
  },
  cancelDeployment: {
    method: 'POST',
    path: '/deployments/:id/cancel',
    access: 'operator',
    tag: 'rollout',
    summary: 'Cancel a deployment that is not active yet',
    params: z.object({ id: z.uuid() }),
    response: deploymentViewSchema,
  },
  listJobs: {
    method: 'GET',
    path: '/jobs',
    access: 'viewer',
    tag: 'rollout',
    summary: 'Jobs',
    query: jobQuerySchema,
    response: listOf(jobViewSchema),
  },
  getJob: {
    method: 'GET',
    path: '/jobs/:id',
    access: 'viewer',
    tag: 'rollout',
    summary: 'One job',
    params: z.object({ id: z.uuid() }),
    response: jobViewSchema,
  },
  listEvents: {
    method: 'GET',
    path: '/events',
    access: 'viewer',
    tag: 'insight',
    summary: 'What happened',
    query: eventQuerySchema,
    response: listOf(eventViewSchema),
  },
  streamEvents: {
    method: 'GET',
    path: '/events/stream',
    access: 'viewer',
    tag: 'insight',
    summary: 'What happens, as server-sent events',
    query: eventStreamQuerySchema,
    response: 'events',
  },
  status: { method: 'GET', path: '/status', access: 'viewer', tag: 'insight', summary: 'The fleet in one answer', response: statusSchema },
  explainNode: {
    method: 'GET',
    path: '/explain/nodes/:ref',
    access: 'viewer',
    tag: 'insight',
    summary: 'Why a node is as it is',
    params: ref,
    response: explanationSchema,
  },
  explainDeployment: {
    method: 'GET',
    path: '/explain/deployments/:id',
    access: 'viewer',
    tag: 'insight',
    summary: 'Why a deployment went as it went',
    params: z.object({ id: z.uuid() }),
    response: explanationSchema,
  },
} as const satisfies Record<string, ApiRoute>;

export type ApiRoutes = typeof apiRoutes;
export type ApiRouteName = keyof ApiRoutes;

import type { ApiClient } from '@takt/api-client';
import { queryOptions } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useClient } from './client-context.js';

/** Events say what changed; this is for what no event tells, such as the progress of a build. */
const SLOW_MS = 20_000;
const FAST_MS = 5_000;

/** Every reading of the console, with its key. The first member of a key is a topic of `live/stale-keys.ts`. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the types of queryOptions are its point
export const createQueries = (client: ApiClient) => ({
  status: () =>
    queryOptions({
      queryKey: ['status'],
      queryFn: ({ signal }) => client.call('status', {}, { signal }),
      refetchInterval: FAST_MS,
    }),
  runningJobs: () =>
    queryOptions({
      queryKey: ['status', 'jobs'],
      queryFn: async ({ signal }) => (await client.call('listJobs', { query: { state: 'running', limit: 500 } }, { signal })).items,
      refetchInterval: FAST_MS,
    }),
  nodes: () =>
    queryOptions({
      queryKey: ['nodes'],
      queryFn: async ({ signal }) => (await client.call('listNodes', {}, { signal })).items,
      refetchInterval: SLOW_MS,
    }),
  node: (ref: string) =>
    queryOptions({
      queryKey: ['nodes', ref],
      queryFn: ({ signal }) => client.call('getNode', { params: { ref } }, { signal }),
      refetchInterval: SLOW_MS,
    }),
  sites: () => queryOptions({ queryKey: ['sites'], queryFn: async ({ signal }) => (await client.call('listSites', {}, { signal })).items }),
  lines: () => queryOptions({ queryKey: ['lines'], queryFn: async ({ signal }) => (await client.call('listLines', {}, { signal })).items }),
  releases: () =>
    queryOptions({ queryKey: ['releases'], queryFn: async ({ signal }) => (await client.call('listReleases', {}, { signal })).items }),
  deploymentsOfNode: (node: string) =>
    queryOptions({
      queryKey: ['deployments', 'of', node],
      queryFn: async ({ signal }) => (await client.call('listDeployments', { query: { node, limit: 50 } }, { signal })).items,
      refetchInterval: SLOW_MS,
    }),
  deployment: (id: string) =>
    queryOptions({
      queryKey: ['deployments', id],
      queryFn: ({ signal }) => client.call('getDeployment', { params: { id } }, { signal }),
    }),
  samples: (slot: string, minutes: number) =>
    queryOptions({
      queryKey: ['samples', slot, minutes],
      queryFn: ({ signal }) => client.call('slotSamples', { params: { ref: slot }, query: { minutes, points: 180 } }, { signal }),
      refetchInterval: minutes <= 60 ? FAST_MS : SLOW_MS,
    }),
  explainNode: (ref: string) =>
    queryOptions({
      queryKey: ['explain', 'node', ref],
      queryFn: ({ signal }) => client.call('explainNode', { params: { ref } }, { signal }),
      refetchInterval: SLOW_MS,
    }),
  explainRollout: (ref: string) =>
    queryOptions({
      queryKey: ['explain', 'rollout', ref],
      queryFn: ({ signal }) => client.call('explainRollout', { params: { ref } }, { signal }),
      refetchInterval: SLOW_MS,
    }),
  rollouts: () =>
    queryOptions({
      queryKey: ['rollouts'],
      queryFn: async ({ signal }) => (await client.call('listRollouts', {}, { signal })).items,
      refetchInterval: SLOW_MS,
    }),
  openRollouts: () =>
    queryOptions({
      queryKey: ['rollouts', 'open'],
      queryFn: async ({ signal }) => (await client.call('listRollouts', { query: { active: true } }, { signal })).items,
      refetchInterval: SLOW_MS,
    }),
  rollout: (ref: string) =>
    queryOptions({
      queryKey: ['rollouts', 'one', ref],
      queryFn: ({ signal }) => client.call('getRollout', { params: { ref } }, { signal }),
      refetchInterval: FAST_MS,
    }),
  models: () =>
    queryOptions({ queryKey: ['models'], queryFn: async ({ signal }) => (await client.call('listModels', {}, { signal })).items }),
  modelFigures: (ref: string) =>
    queryOptions({
      queryKey: ['figures', ref],
      queryFn: ({ signal }) => client.call('modelFigures', { params: { ref } }, { signal }),
    }),
  events: (limit: number) =>
    queryOptions({
      queryKey: ['events', 'all', limit],
      queryFn: async ({ signal }) => (await client.call('listEvents', { query: { limit } }, { signal })).items,
    }),
  eventsOf: (object: string) =>
    queryOptions({
      queryKey: ['events', 'of', object],
      queryFn: async ({ signal }) => (await client.call('listEvents', { query: { object, limit: 100 } }, { signal })).items,
    }),
});

export type Queries = ReturnType<typeof createQueries>;

export function useQueries(): Queries {
  const client = useClient();
  return useMemo(() => createQueries(client), [client]);
}

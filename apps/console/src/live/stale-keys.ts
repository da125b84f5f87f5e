import type { EventView } from '@takt/contracts';

/** First members of query keys; see `data/queries.ts`. */
export type Topic =
  | 'status'
  | 'nodes'
  | 'lines'
  | 'sites'
  | 'deployments'
  | 'rollouts'
  | 'releases'
  | 'models'
  | 'figures'
  | 'samples'
  | 'explain'
  | 'events';

const BY_KIND: Readonly<Record<string, readonly Topic[]>> = {
  site: ['sites', 'status'],
  line: ['lines', 'status'],
  node: ['nodes', 'status', 'explain', 'rollouts'],
  slot: ['status', 'nodes'],
  deployment: ['deployments', 'status', 'explain', 'rollouts', 'samples', 'nodes'],
  job: ['deployments', 'status', 'figures'],
  rollout: ['rollouts', 'explain', 'status'],
  gate: ['rollouts', 'explain'],
  release: ['releases'],
  model: ['models'],
  dataset: [],
  token: [],
  'join-token': [],
};

/** What is out of date after an event; after one of a kind that this console does not know, everything that events change. */
export const staleTopics = (event: Pick<EventView, 'object'>): readonly Topic[] => [
  'events',
  ...(BY_KIND[event.object.kind] ?? ['status', 'nodes', 'deployments', 'rollouts', 'explain']),
];

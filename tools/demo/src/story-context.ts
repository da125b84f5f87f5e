import type { ApiClient } from '@takt/api-client';
import type { StartedNode } from './fleet.js';
import type { Output } from './output.js';

/** What every part of the story works with. */
export interface Story {
  readonly api: ApiClient;
  readonly output: Output;
  readonly nodes: readonly StartedNode[];
  readonly signal: AbortSignal;
}

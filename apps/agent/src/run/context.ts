import type { Clock, DurableFs, Logger } from '@takt/kernel';
import type { AgentConfig } from '../config.js';
import type { DataFolder } from '../data-folder.js';

/** What every command of the agent gets from main. */
export interface AgentContext {
  readonly config: AgentConfig;
  readonly folder: DataFolder;
  readonly fs: DurableFs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly agentVersion: string;
}

// project: apps/agent  rule: @nx/enforce-module-boundaries
import * as persistence from '@takt/persistence';

export const rows = (): unknown => persistence;

// project: libs/gates  rule: @nx/enforce-module-boundaries
import { DeploymentState } from '@takt/rollout';

export const state = (): string => DeploymentState.pending;

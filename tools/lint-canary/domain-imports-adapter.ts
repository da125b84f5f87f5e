// project: libs/reconcile  rule: @nx/enforce-module-boundaries
import * as messaging from '@takt/messaging';

export const adapter = (): unknown => messaging;

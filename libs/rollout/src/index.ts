export { applyDeploymentReport } from './apply-report.js';
export type { DeploymentStep, Rejected } from './apply-report.js';
export { transitionTableFaults } from './check-table.js';
export { DEPLOYMENT_TRANSITIONS, DeploymentState, isTerminal } from './deployment-state.js';
export { slotAfter, startDeployment } from './slot-decisions.js';
export type { SlotTargets } from './slot-decisions.js';

export { DEPLOYMENT_TRANSITIONS, DeploymentState, isTerminal } from './deployment-state.js';

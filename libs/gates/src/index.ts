export { DEFAULT_HEALTH_POLICY } from './health-policy.js';
export type { HealthFinding, HealthPolicy, HealthReport, ServiceTime } from './health-policy.js';

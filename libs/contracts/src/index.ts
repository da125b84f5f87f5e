export {
  artifactRefSchema,
  datasetIdSchema,
  deploymentIdSchema,
  digestSchema,
  jobIdSchema,
  lineIdSchema,
  modelIdSchema,
  nodeIdSchema,
  releaseIdSchema,
  rolloutIdSchema,
  siteIdSchema,
  slotIdSchema,
  slugSchema,
  taktErrorSchema,
  timestampSchema,
} from './primitives.js';
export type { ArtifactRef } from './primitives.js';
export {
  accuracySchema,
  candidateSchema,
  engineNameSchema,
  enginePlanSchema,
  precisionSchema,
  recipeSchema,
  speedSchema,
  threadPolicySchema,
} from './engine-plan.js';
export { acceleratorFactsSchema, cpuFactsSchema, hardwareFactsSchema, hardwareProfileSchema } from './hardware.js';
export { healthFindingSchema, healthPolicySchema, healthReportSchema, serviceTimeSchema } from './health.js';
export { activationOfBuild, committedSlotsSchema } from './node/committed-slots.js';
export type { ActivatedDeployment, CommittedSlots } from './node/committed-slots.js';
export {
  desiredBodySchema,
  desiredDeploymentSchema,
  desiredJobSchema,
  desiredSlotSchema,
  desiredStateSchema,
  frameSourceSchema,
  lineConfigSchema,
  releaseSpecSchema,
  threadChoiceSchema,
} from './node/desired-state.js';
export type { DesiredJob, DesiredSlot, DesiredState, FrameSource, LineConfig, ReleaseSpec } from './node/desired-state.js';
export { heartbeatSchema, slotCountersSchema, slotMetricsSchema } from './node/heartbeat.js';
export type { Heartbeat, SlotCounters, SlotMetrics } from './node/heartbeat.js';
export { joinChallengeReplySchema, joinChallengeRequestSchema, joinReplySchema, joinRequestSchema } from './node/join.js';
export type { JoinReply } from './node/join.js';
export {
  conditionReportSchema,
  conditionSchema,
  deploymentReportSchema,
  deploymentStateSchema,
  factsReportSchema,
  jobReportSchema,
  jobStateSchema,
  reportBodySchema,
  reportMessageId,
  reportEnvelopeSchema,
  reportSchema,
  slotReportSchema,
} from './node/report.js';
export type { Condition, JobState, Report, ReportBody } from './node/report.js';
export {
  confirmReplySchema,
  confirmRequestSchema,
  grantReplySchema,
  grantRequestSchema,
  renewReplySchema,
  renewRequestSchema,
  rpcReplySchema,
} from './node/rpc.js';
export {
  DESIRED_STREAM,
  REPORT_CONSUMER,
  REPORT_STREAM,
  RpcMethod,
  desiredDirectGetSubject,
  desiredPushSubject,
  desiredSubject,
  heartbeatSubject,
  nodeInboxPrefix,
  nodePermissions,
  reportSubject,
  rpcSubject,
} from './node/subjects.js';
export {
  activationOutcomeSchema,
  activationSchema,
  candidatePhaseSchema,
  lineAssignmentSchema,
  runtimeStatusSchema,
} from './runtime/control.js';
export type { Activation, ActivationOutcome, LineAssignment, RuntimeStatus } from './runtime/control.js';
export {
  benchmarkResultSchema,
  buildResultSchema,
  calibrateResultSchema,
  evaluateResultSchema,
  probeResultSchema,
  quantizeResultSchema,
  imagePixelsSchema,
  lossMeasureSchema,
  modelFamilySchema,
  quantizeTargetSchema,
  quantizedFormatSchema,
  workerJobSchema,
  workerMessageSchema,
  workerResultSchema,
} from './worker/protocol.js';
export type {
  BuildResult,
  ImagePixels,
  ModelFamily,
  QuantizeTarget,
  LossMeasure,
  QuantizedFormat,
  WorkerJob,
  WorkerMessage,
  WorkerResult,
} from './worker/protocol.js';
export {
  CONDITION_MESSAGE_MAX_LENGTH,
  COUNT_MAX,
  DURATION_MAX_MS,
  FPS_MAX,
  INT_COLUMN_MAX,
  REPORT_MAX_BYTES,
  SLOTS_MAX,
  TIMESTAMP_MAX_LENGTH,
} from './wire-limits.js';
export { API_PREFIX, apiRoutes } from './api/routes.js';
export type { ApiRoute, ApiRouteName, ApiRoutes, RouteAccess } from './api/routes.js';
export { Role, listOf, namedSchema, problemSchema, refSchema, roleSchema } from './api/envelope.js';
export type { Named, Problem } from './api/envelope.js';
export {
  createJoinTokenSchema,
  createTokenSchema,
  createdJoinTokenSchema,
  createdTokenSchema,
  joinTokenViewSchema,
  loginReplySchema,
  loginRequestSchema,
  tokenViewSchema,
  whoAmISchema,
} from './api/access.js';
export type { CreatedJoinToken, LoginReply, WhoAmI } from './api/access.js';
export {
  createLineSchema,
  createSiteSchema,
  createSlotSchema,
  lineViewSchema,
  nodeViewSchema,
  siteViewSchema,
  slotViewSchema,
  sourceInputSchema,
  updateLineSchema,
} from './api/topology.js';
export type { LineView, NodeView, SiteView, SlotView } from './api/topology.js';
export {
  createDatasetSchema,
  createModelSchema,
  createReleaseSchema,
  datasetRoleSchema,
  datasetViewSchema,
  modelInfoSchema,
  modelViewSchema,
  releaseViewSchema,
  uploadPurposeSchema,
  uploadQuerySchema,
} from './api/content.js';
export type { UploadPurpose } from './api/content.js';
export type { DatasetRole, DatasetView, ModelView, ReleaseView } from './api/content.js';
export {
  createDeploymentsSchema,
  deploymentDetailSchema,
  deploymentQuerySchema,
  deploymentViewSchema,
  jobQuerySchema,
  jobViewSchema,
  transitionViewSchema,
} from './api/deployments.js';
export type { DeploymentDetail, DeploymentView, JobView } from './api/deployments.js';
export {
  eventQuerySchema,
  eventViewSchema,
  explanationSchema,
  healthCheckSchema,
  healthViewSchema,
  livenessViewSchema,
  statusSchema,
} from './api/insight.js';
export type { HealthCheck, HealthView } from './api/insight.js';
export type { EventView, Explanation, StatusView } from './api/insight.js';
export {
  changePolicySchema,
  createRolloutSchema,
  gatePolicySchema,
  gateReportSchema,
  gateViewSchema,
  rolloutDetailSchema,
  rolloutHoldSchema,
  rolloutIntentSchema,
  rolloutMemberViewSchema,
  rolloutPlanViewSchema,
  rolloutPolicyInputSchema,
  rolloutPolicySchema,
  rolloutQuerySchema,
  rolloutTargetSchema,
  rolloutViewSchema,
  rolloutWaveViewSchema,
} from './api/rollouts.js';
export type {
  GateView,
  RolloutCounts,
  RolloutDetail,
  RolloutMemberView,
  RolloutPlanView,
  RolloutPolicyInput,
  RolloutTarget,
  RolloutView,
} from './api/rollouts.js';
export {
  createSessionSchema,
  fleetFiguresSchema,
  modelFiguresSchema,
  samplePointSchema,
  sampleQuerySchema,
  slotSamplesSchema,
} from './api/figures.js';
export type { FleetFigures, ModelFigures, SlotSamples } from './api/figures.js';

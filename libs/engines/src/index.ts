export { SPEED_TIE, choosePlan } from './choose-plan.js';
export type { ChooseOptions, MeasuredCandidate, PlanChoice } from './choose-plan.js';
export { EngineName, Precision, Recipe } from './engine-plan.js';
export type { Accuracy, Candidate, EnginePlan, Speed, ThreadPolicy } from './engine-plan.js';
export type { EngineAdapter, EngineAvailability, EngineSession, Tensor, TensorData, TensorSpec } from './engine-port.js';
export { planSearchSpace, threadPolicies } from './search-space.js';
export type { SearchOptions, SearchPoint, ThreadChoice } from './search-space.js';
export { describeCandidate, describeSpeed, recipeWords } from './words.js';

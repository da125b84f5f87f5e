export { EngineName, Precision, Recipe } from './engine-plan.js';
export type { Accuracy, Candidate, EnginePlan, Speed, ThreadPolicy } from './engine-plan.js';

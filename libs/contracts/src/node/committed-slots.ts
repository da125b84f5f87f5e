import type { DeploymentId } from '@takt/kernel';
import { z } from 'zod';
import { deploymentIdSchema, slotIdSchema } from '../primitives.js';
import type { Activation } from '../runtime/control.js';
import type { BuildResult } from '../worker/protocol.js';
import { releaseSpecSchema } from './desired-state.js';
import type { ReleaseSpec } from './desired-state.js';

/**
 * Files of a node's data folder that say what its slots serve (`agent/current.json`) and served before
 * (`agent/rollback.json`). The agent writes them; a runtime reads them where its own record is lost.
 */
export const committedSlotsSchema = z.object({
  slots: z.record(slotIdSchema, z.object({ deploymentId: deploymentIdSchema, buildKey: z.string(), release: releaseSpecSchema })),
});
export type CommittedSlots = z.output<typeof committedSlotsSchema>;

/** A deployment as far as an activation names it. */
export interface ActivatedDeployment {
  readonly deploymentId: DeploymentId;
  readonly release: ReleaseSpec;
  readonly revert?: boolean | undefined;
}

/** What a runtime is given to serve a finished build; undefined where the build names no chosen candidate, which no finished one does. */
export function activationOfBuild(build: BuildResult, { deploymentId, release, revert }: ActivatedDeployment): Activation | undefined {
  const chosen = build.candidates.find(({ verdict }) => verdict === 'chosen');
  if (chosen === undefined) return undefined;
  return {
    deploymentId,
    releaseName: release.name,
    plan: build.plan,
    artifactPath: build.artifactPath,
    accuracy: chosen.accuracy,
    dropPoints: chosen.dropPoints,
    accuracyBudgetPoints: release.accuracyBudgetPoints,
    health: release.health,
    ...(revert === true ? { revert } : {}),
  };
}

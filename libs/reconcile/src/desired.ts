import type { Recipe, ThreadChoice } from '@takt/engines';
import type { DeploymentId, Digest, JobId, SlotId } from '@takt/kernel';

/** What the planner reads of a desired state; `@takt/contracts` carries more of each. */
export interface ArtifactRef {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly fileName: string;
}

export interface WantedRelease {
  readonly model: { readonly name: string; readonly version: string; readonly artifact: ArtifactRef };
  readonly golden: ArtifactRef;
  readonly calibration: ArtifactRef | null;
  readonly statistics: ArtifactRef | null;
  readonly needsStatistics: boolean;
  readonly recipes: readonly Recipe[];
  readonly threads: ThreadChoice;
  /** Points (hundredths) of mAP@0.5:0.95. */
  readonly accuracyBudgetPoints: number;
  readonly buildCheck: { readonly waived: boolean };
  /** Bounds of the health check; only compared, never read here. */
  readonly health: { readonly onPerformanceBreach?: string };
}

export interface WantedDeployment {
  readonly deploymentId: DeploymentId;
  readonly buildJobId: JobId;
  readonly release: WantedRelease;
  /** It takes another deployment back. */
  readonly revert?: boolean | undefined;
}

export interface WantedLine {
  readonly slug: string;
  readonly requiredFps: number;
  readonly source: {
    readonly kind: 'image-directory';
    readonly path?: string | undefined;
    readonly dataset?: ArtifactRef | undefined;
    readonly fps: number;
  };
}

export interface WantedSlot {
  readonly slotId: SlotId;
  readonly line: WantedLine;
  readonly deployment: WantedDeployment | null;
}

export interface WantedCalibration {
  readonly jobId: JobId;
  readonly kind: 'calibrate';
  readonly model: ArtifactRef;
  readonly calibration: ArtifactRef;
  readonly sample: number;
  readonly seed: number;
}

export interface Wanted {
  readonly generation: number;
  readonly slots: readonly WantedSlot[];
  readonly jobs: readonly WantedCalibration[];
}

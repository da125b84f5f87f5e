import type { ArtifactRef, WantedDeployment, WantedLine } from './desired.js';
import { needsCalibrationImages } from './keys.js';
import type { LocalState, StepFailure } from './local-state.js';
import type { Step } from './step.js';

/** Files that must be on disk, and which of them are data sets that must be unpacked. */
export interface Inputs {
  readonly files: readonly ArtifactRef[];
  readonly datasets: readonly ArtifactRef[];
}

export function buildInputsOf({ release }: WantedDeployment): Inputs {
  const datasets = [release.golden, ...(needsCalibrationImages(release) && release.calibration !== null ? [release.calibration] : [])];
  const statistics = release.statistics === null ? [] : [release.statistics];
  return { files: [release.model.artifact, ...statistics], datasets };
}

export const sourceInputsOf = (line: WantedLine): Inputs => ({
  files: [],
  datasets: line.source.dataset === undefined ? [] : [line.source.dataset],
});

export interface InputPlan {
  /** Steps that are still needed; empty when everything is on disk. */
  readonly steps: readonly Step[];
  readonly ready: boolean;
  /** A failure that trying again will not mend. */
  readonly hopeless: StepFailure | undefined;
}

/** Attempts after which wrong content counts as the file's fault and not the network's. */
const DIGEST_ATTEMPTS = 3;

/** A grant follows the control plane's desired state, which may be older or newer than this node's for a moment. */
const PASSING: ReadonlySet<string> = new Set(['ArtifactNotGranted']);

const isHopeless = (failure: StepFailure): boolean =>
  !failure.error.retryable &&
  !PASSING.has(failure.error.code) &&
  (failure.error.code !== 'ArtifactDigestMismatch' || failure.count >= DIGEST_ATTEMPTS);

/**
 * Fetches what is missing and unpacks what is fetched. An unpacked data set needs its archive no more.
 *
 * @param givesUp false for what is tried as long as it is wanted, however it failed
 */
export function planInputs(inputs: Inputs, local: LocalState, now: number, givesUp = true): InputPlan {
  const steps: Step[] = [];
  let hopeless: StepFailure | undefined;
  const offer = (step: Step): void => {
    const failure = local.failures.get(step.key);
    if (failure !== undefined && givesUp && isHopeless(failure)) hopeless ??= failure;
    else if (failure !== undefined && failure.retryAt > now) steps.push(waitFor(step.key, failure));
    else steps.push(step);
  };
  const fetch = (ref: ArtifactRef): void => {
    offer({ kind: 'fetch-artifact', key: `fetch:${ref.digest}`, ref });
  };
  for (const ref of inputs.files) if (!local.artifacts.has(ref.digest)) fetch(ref);
  for (const ref of inputs.datasets) {
    if (local.datasets.has(ref.digest)) continue;
    if (local.artifacts.has(ref.digest)) offer({ kind: 'unpack-dataset', key: `unpack:${ref.digest}`, digest: ref.digest });
    else fetch(ref);
  }
  return { steps, ready: steps.length === 0 && hopeless === undefined, hopeless };
}

const WAIT = 'wait:';

/** Keys that a plan speaks of, those it waits for included. A failure of any other key is over. */
export const keysOf = (steps: readonly Step[]): Set<string> =>
  new Set(steps.flatMap(({ key }) => (key.startsWith(WAIT) ? [key, key.slice(WAIT.length)] : [key])));

/** Waiting for the next attempt of a step that failed. */
export const waitFor = (key: string, failure: StepFailure): Step => ({
  kind: 'wait',
  key: `${WAIT}${key}`,
  reason: failure.error.code,
  message: `${failure.error.message}; next: ${failure.error.action}`,
  until: failure.retryAt,
});

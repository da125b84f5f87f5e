import { canonicalJson } from '@takt/kernel';
import type { Json, Sha256 } from '@takt/kernel';
import { Recipe } from '@takt/engines';
import type { WantedCalibration, WantedLine, WantedRelease } from './desired.js';

/** Raised when the worker measures or emits differently, so that older builds on disk are not taken for new ones. */
const BUILD_FORMAT = 2;

/** Recipes that read calibration images themselves instead of a statistics file. */
const CALIBRATES_ITSELF: ReadonlySet<Recipe> = new Set([Recipe.int8LibraryDefault]);

export const needsCalibrationImages = (release: WantedRelease): boolean =>
  release.calibration !== null && release.recipes.some((recipe) => CALIBRATES_ITSELF.has(recipe));

const buildInputs = (release: WantedRelease): Json => ({
  model: release.model.artifact.digest,
  golden: release.golden.digest,
  statistics: release.statistics?.digest ?? null,
  calibration: needsCalibrationImages(release) ? (release.calibration?.digest ?? null) : null,
  recipes: [...release.recipes].sort(),
  threads: typeof release.threads === 'string' ? release.threads : [...release.threads].sort((a, b) => a - b),
  accuracyBudgetPoints: release.accuracyBudgetPoints,
  waived: release.buildCheck.waived,
});

/**
 * Name of a finished build: hash of everything that is asked of it. Equal keys are one build on a box; built anew, it may find another
 * engine the fastest.
 */
export const buildKeyOf = (release: WantedRelease, fingerprint: string, sha256: Sha256): string =>
  sha256(canonicalJson({ format: BUILD_FORMAT, fingerprint, inputs: buildInputs(release) }));

/** What a breach leads to is no bound: content that broke one would break it again, whoever acts on it. */
function boundsOf({ health }: WantedRelease): Json {
  const { onPerformanceBreach: _, ...bounds } = health;
  return bounds;
}

/**
 * What failed when a deployment failed: content of the release, the bounds it was judged by, the box and the line's need.
 * Names and ids are left out, so that a renumbered copy has the same hash.
 */
export const contentKeyOf = (release: WantedRelease, line: WantedLine, fingerprint: string, sha256: Sha256): string =>
  sha256(
    canonicalJson({
      fingerprint,
      inputs: buildInputs(release),
      health: boundsOf(release),
      line: line.slug,
      requiredFps: line.requiredFps,
      fps: line.source.fps,
    }),
  );

/** Name of a finished calibration; it does not depend on the box. */
export const calibrationKeyOf = (job: WantedCalibration, sha256: Sha256): string =>
  sha256(canonicalJson({ model: job.model.digest, calibration: job.calibration.digest, sample: job.sample, seed: job.seed }));

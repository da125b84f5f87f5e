import type { MeasuredCandidate, SearchPoint } from '@takt/engines';
import { EngineName, describeCandidate } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import type { GoldenSet } from '../golden/golden-set.js';
import { measureAccuracy } from '../golden/measure-accuracy.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import { withHosts } from '../host/with-hosts.js';
import type { LoadedHost } from '../host/with-hosts.js';
import type { JobContext } from '../job-context.js';
import type { AuditedCandidate } from './decide.js';
import type { BuiltArtifact } from './make-artifacts.js';
import { measurePipelines } from './measure-pipeline.js';

export interface MeasuredCandidates {
  readonly candidates: readonly AuditedCandidate[];
  readonly fp32: GoldenAccuracy;
  readonly engineVersion: string;
}

/**
 * Accuracy (once per artifact) and pipeline speed (per artifact and thread setting) of everything that was made. Each
 * combination lives in its own process for the whole time; only one of them works at any moment.
 */
export async function measureCandidates(
  points: readonly SearchPoint[],
  artifacts: readonly BuiltArtifact[],
  golden: GoldenSet,
  frames: number,
  context: JobContext,
): Promise<MeasuredCandidates> {
  const specs = points.flatMap((point) => {
    const artifact = artifacts.find(({ recipe }) => recipe === point.recipe);
    return artifact === undefined ? [] : [{ path: artifact.path, threads: point.threads, label: describeCandidate(point), artifact }];
  });
  return withHosts(specs, context, async (hosts) => {
    const accuracies = await accuracyPerArtifact(artifacts, hosts, golden, context);
    const speeds = await measurePipelines(
      hosts.map(({ host }) => host),
      golden.images.map(({ path }) => path),
      frames,
      context,
    );
    const fp32 = accuracies.get('fp32') as GoldenAccuracy;
    const candidates = hosts.map(({ spec }, index): AuditedCandidate => {
      const { artifact, threads } = spec;
      const { map50, map50_95, images } = accuracies.get(artifact.recipe) as GoldenAccuracy;
      const measured: MeasuredCandidate = {
        recipe: artifact.recipe,
        precision: artifact.precision,
        engine: EngineName.onnxruntime,
        threads,
        artifact: artifact.digest,
        artifactBytes: artifact.bytes.length,
        speed: speeds[index] as (typeof speeds)[number],
        accuracy: { map50, map50_95, images },
        dropPoints: (fp32.map50_95 - map50_95) * 100,
      };
      return { measured, auditFailure: artifact.auditFailure };
    });
    return { candidates, fp32, engineVersion: hosts[0]?.engineVersion ?? '' };
  });
}

type CandidateHost = LoadedHost<{
  readonly path: string;
  readonly threads: SearchPoint['threads'];
  readonly label: string;
  readonly artifact: BuiltArtifact;
}>;

/** Thread counts do not change what is found, so the host with the most threads (0: all) speaks for its artifact. */
async function accuracyPerArtifact(
  artifacts: readonly BuiltArtifact[],
  hosts: readonly CandidateHost[],
  golden: GoldenSet,
  context: JobContext,
): Promise<Map<string, GoldenAccuracy>> {
  const accuracies = new Map<string, GoldenAccuracy>();
  const total = artifacts.length * golden.images.length;
  for (const artifact of artifacts) {
    const before = accuracies.size * golden.images.length;
    const rank = ({ spec }: CandidateHost): number => (spec.threads.intraOp === 0 ? Infinity : spec.threads.intraOp);
    const [widest] = hosts.filter(({ spec }) => spec.artifact === artifact).toSorted((a, b) => rank(b) - rank(a));
    if (widest === undefined) continue;
    const accuracy = await measureAccuracy(widest.host, golden, (done) => {
      context.progress({ phase: 'evaluate', done: before + done, total, message: `accuracy of ${artifact.recipe}: image ${String(done)}` });
    });
    if (accuracy.groundTruth === 0) {
      throw new TaktError({
        code: 'GoldenSetUnlabelled',
        message: `none of the ${String(golden.images.length)} golden images has a labelled object, so accuracy cannot be measured`,
        action: 'add the label files (labels/… beside images/…) to the golden set',
        component: 'worker',
      });
    }
    accuracies.set(artifact.recipe, accuracy);
  }
  return accuracies;
}

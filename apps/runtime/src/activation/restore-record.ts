import { join } from 'node:path';
import { activationOfBuild, buildResultSchema, committedSlotsSchema, deploymentStateSchema, desiredStateSchema } from '@takt/contracts';
import type { Activation, DesiredSlot, LineAssignment } from '@takt/contracts';
import { examineDocument } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import type { DeploymentId, DurableFs, SlotId } from '@takt/kernel';
import { z } from 'zod';
import type { LinePaths } from '../line-paths.js';
import { EMPTY_RECORD, withOutcome } from './record.js';
import type { ActivationRecord } from './record.js';

/** `restored`: a record of engines with a finished build. `unknown`: no file of the node says what the line served. `waits`: a file does, and no build of it is on disk. */
export type Restoration =
  { readonly kind: 'restored'; readonly record: ActivationRecord } | { readonly kind: 'unknown' | 'waits'; readonly message: string };

const BUILD_KEY = /^[0-9a-f]{64}$/;

/** What is needed of the agent's ledger; the agent owns the rest. */
const reportedSchema = z.object({
  deployments: z.record(z.string(), z.object({ state: deploymentStateSchema })),
  slots: z.record(z.string(), z.object({ activeDeploymentId: z.string().nullable() })),
});
type Reported = z.output<typeof reportedSchema>;

/** Ends after which the agent does not give a deployment to the line again. */
const GIVEN_UP: ReadonlySet<string> = new Set(['rolled-back', 'failed', 'superseded', 'cancelled']);

/** What one file of the agent says that a slot serves or served before, with the engine where its build is on disk. */
interface Named {
  readonly deploymentId: DeploymentId;
  readonly releaseName: string;
  readonly buildKey: string;
  readonly engine: Activation | undefined;
}

/**
 * Makes a line's record again from what the agent noted of it and from finished builds. The digest of an artifact is
 * checked when its engine is loaded, as at every start; one that is damaged ends as any damaged artifact does.
 *
 * @param line the line's assignment; undefined where its file is lost, too
 * @param at time of the outcomes in the record, ISO 8601
 */
export async function restoreRecord(fs: DurableFs, paths: LinePaths, line: LineAssignment | undefined, at: string): Promise<Restoration> {
  const read = async <T>(path: string, schema: Parameters<typeof examineDocument<T>>[2]): Promise<T | undefined> => {
    const found = await examineDocument(fs, path, schema);
    return found.kind === 'read' ? found.value : undefined;
  };
  const desired = await read(paths.node.desired, desiredStateSchema);
  const wanted = desired?.body.slots.find((slot) => (line === undefined ? paths.slug === slot.line.slug : line.slotId === slot.slotId));
  const slotId = line?.slotId ?? wanted?.slotId;
  const reported = await read(paths.node.ledger, reportedSchema);

  const nameIn = async (path: string, slot: SlotId): Promise<Named | undefined> => {
    const named = (await read(path, committedSlotsSchema))?.slots[slot];
    if (named === undefined) return undefined;
    const { deploymentId, buildKey, release } = named;
    const file = join(paths.node.builds, buildKey, 'build.json');
    const build = BUILD_KEY.test(buildKey) ? await read(file, buildResultSchema) : undefined;
    return { deploymentId, releaseName: release.name, buildKey, engine: build === undefined ? undefined : activationOfBuild(build, named) };
  };
  const current = slotId === undefined ? undefined : await nameIn(paths.node.current, slotId);
  const before = slotId === undefined ? undefined : await nameIn(paths.node.rollback, slotId);
  // An operator's rollback is in the agent's ledger alone. It leaves nothing to roll back to.
  const isRolledBack = before !== undefined && reported?.slots[slotId ?? '']?.activeDeploymentId === before.deploymentId;
  const served = isRolledBack ? before : current;
  const previous = isRolledBack ? undefined : before;

  if (served?.engine !== undefined)
    return { kind: 'restored', record: { ...EMPTY_RECORD, committed: served.engine, previous: previous?.engine ?? null } };
  if (previous?.engine !== undefined) return { kind: 'restored', record: fallback(served, previous.releaseName, previous.engine, at) };
  const names = [served, previous].filter((one) => one !== undefined);
  return {
    kind: names.length === 0 ? 'unknown' : 'waits',
    message: `${missing(names)}; ${waitsFor(wanted, reported)}`,
  };
}

/** The engine before takes over. The outcome of the missing one makes the agent build it and offer it again. */
function fallback(missed: Named | undefined, releaseName: string, engine: Activation, at: string): ActivationRecord {
  const record: ActivationRecord = { ...EMPTY_RECORD, committed: engine };
  if (missed === undefined) return record;
  const error = new TaktError({
    code: 'ArtifactMissing',
    message: `build ${missed.buildKey} of release ${missed.releaseName} is not on this node`,
    action: 'nothing to do; the agent builds it again where it is still wanted',
    component: 'runtime',
    element: missed.buildKey,
  });
  return withOutcome(record, {
    deploymentId: missed.deploymentId,
    outcome: 'rolled-back',
    reason: error.code,
    message: `The record of the line was lost and ${error.message}; release ${releaseName} takes over.`,
    health: null,
    error: error.toData(),
    at,
  });
}

const missing = (names: readonly Named[]): string =>
  names.length === 0
    ? 'no file of the agent says what it served'
    : names
        .map(
          ({ releaseName, deploymentId, buildKey }) =>
            `build ${buildKey} of release ${releaseName} (deployment ${deploymentId}) is missing or damaged`,
        )
        .join(', ');

function waitsFor(wanted: DesiredSlot | undefined, reported: Reported | undefined): string {
  const deployment = wanted?.deployment ?? undefined;
  if (deployment === undefined) return 'it waits for a deployment to the line';
  const { deploymentId, release } = deployment;
  const state = reported?.deployments[deploymentId]?.state;
  if (state !== undefined && GIVEN_UP.has(state))
    return `deployment ${deploymentId} (release ${release.name}) ended as ${state} here, so it waits for another deployment to the line`;
  return `it waits for takt-agent, which activates release ${release.name} (deployment ${deploymentId}) and builds it again where it must`;
}

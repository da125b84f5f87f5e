import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactRef, DesiredSlot } from '@takt/contracts';
import { createDurableFs } from '@takt/durable-fs';
import { asId, silentLogger } from '@takt/kernel';
import type { Digest, LogFields, NodeId } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.js';
import { dataFolder } from '../src/data-folder.js';
import type { DataFolder } from '../src/data-folder.js';
import { loadOrCreateKey, saveIdentity } from '../src/identity/identity-store.js';
import { settleIdentity } from '../src/run/settle-identity.js';
import { NodeMemory } from '../src/state/memory.js';
import { prepareFolders } from '../src/state/prepare-folders.js';
import { rebuiltLedger } from '../src/state/rebuild-ledger.js';
import { StateFiles } from '../src/state/state-files.js';
import { committedByRecords } from '../src/work/activation-records.js';
import { deploymentOf, releaseOf, slotOf } from './wanted.js';

const fs = createDurableFs();
const clock = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0 };
const KEY = 'b'.repeat(64);
const digest = asId<Digest>(`sha256:${'a'.repeat(64)}`);
const ref: ArtifactRef = { digest, sizeBytes: 1, fileName: 'x' };
const content = { model: ref, golden: ref, calibration: ref, frames: ref };

let folder: DataFolder;
beforeEach(async () => {
  folder = dataFolder(await mkdtemp(join(tmpdir(), 'takt-lost-')));
});
afterEach(async () => {
  await rm(folder.root, { recursive: true, force: true });
});

const files = (): StateFiles => new StateFiles({ fs, folder, clock, logger: silentLogger });

describe('what this node has committed', () => {
  let slot: DesiredSlot & { readonly deployment: NonNullable<DesiredSlot['deployment']> };
  beforeEach(async () => {
    const deployment = deploymentOf(releaseOf(content));
    slot = { ...slotOf(content, deployment), deployment };
    const committed = {
      deploymentId: deployment.deploymentId,
      artifactPath: join(folder.builds, KEY, 'engine.onnx'),
      plan: { artifact: digest },
    };
    await mkdir(join(folder.lines, 'line-1'), { recursive: true });
    await writeFile(join(folder.lines, 'line-1', 'activation.json'), JSON.stringify({ committed, previous: null, candidate: null }));
  });

  const records = (slots: readonly DesiredSlot[] = [slot]): ReturnType<typeof committedByRecords> => committedByRecords(fs, folder, slots);
  const entry = (): object => ({
    [slot.slotId]: { deploymentId: slot.deployment.deploymentId, buildKey: KEY, release: slot.deployment.release },
  });

  it('is made from the records of the runtimes where its file is damaged, and stays over a restart without them', async () => {
    await mkdir(join(folder.root, 'agent'));
    await writeFile(folder.current, '');
    expect((await NodeMemory.open(files(), folder, records)).current.slots).toEqual(entry());
    expect((await NodeMemory.open(files(), folder, () => Promise.resolve({ slots: {} }))).current.slots).toEqual(entry());
  });

  it('is made from them where the agent was killed after it moved the file away', async () => {
    expect((await NodeMemory.open(files(), folder, records)).current.slots).toEqual(entry());
  });

  it('is made from them when the desired state, which says whose slots they are, arrives after it was lost as well', async () => {
    const memory = await NodeMemory.open(files(), folder, () => records([]));
    expect(memory.current.slots).toEqual({});
    await memory.fill(await records());
    expect(memory.current.slots).toEqual(entry());
    expect((await NodeMemory.open(files(), folder, () => records([]))).current.slots).toEqual(entry());
  });

  it('is not changed by a record where it is known', async () => {
    const memory = await NodeMemory.open(files(), folder, () => records([]));
    await memory.commit({ ...slot, deployment: deploymentOf(releaseOf(content)) }, KEY);
    const before = memory.current.slots;
    await memory.fill(await records());
    expect(memory.current.slots).toEqual(before);
  });

  it('is one stage before its end in a rebuilt ledger while it is wanted, and ended when it is not; conditions are unknown', async () => {
    const { deploymentId } = slot.deployment;
    const current = await records();
    const wanted = rebuiltLedger(current, new Set([deploymentId]), ['DiskSpace']);
    expect(wanted.deployments).toEqual({ [deploymentId]: { slotId: slot.slotId, state: 'checking' } });
    expect(wanted.conditions).toMatchObject({ DiskSpace: { status: 'unknown', reason: 'LedgerRebuilt' } });
    expect(rebuiltLedger(current, new Set(), []).deployments[deploymentId]?.state).toBe('committed');
  });
});

describe('the identity', () => {
  /** Starts as the agent does, and ends it once it says that it waits; gives what it says, or the error that ended it. */
  async function settle(): Promise<string> {
    const stop = new AbortController();
    let said = '';
    const warn = (_message: string, fields?: LogFields): void => {
      said = String((fields?.['error'] as { readonly code?: string } | undefined)?.code);
      stop.abort();
    };
    const logger = { ...silentLogger, warn };
    const mine = files();
    await prepareFolders(mine, folder);
    const config = readConfig(['run', '--data', folder.root], {});
    try {
      await settleIdentity({ config, folder, fs, clock, logger, agentVersion: '1' }, mine, stop.signal);
      return 'settled';
    } catch (thrown) {
      return stop.signal.aborted ? said : String((thrown as { readonly code?: string }).code);
    }
  }

  beforeEach(async () => {
    await loadOrCreateKey(fs, folder);
    const nodeId = asId<NodeId>(randomUUID());
    await saveIdentity(
      fs,
      folder,
      { nodeId, nodeName: 'n', site: 's', publicKey: 'U', serverUrl: 'http://x', natsUrls: ['nats://x'] },
      'x',
    );
  });

  it.each(['seed', 'document and copy', 'folder'] as const)('%s damaged: the agent waits for a person, at every start', async (part) => {
    if (part === 'seed') await writeFile(folder.identity.seed, 'x');
    else if (part === 'folder') {
      await rm(folder.identity.folder, { recursive: true });
      await writeFile(folder.identity.folder, '');
    } else {
      await writeFile(folder.identity.document, '');
      await writeFile(folder.identity.copy, '');
    }
    for (let start = 1; start <= 3; start += 1) expect(await settle()).toBe('IdentityDamaged');
  });

  it('that never was there ends the agent, which says how to join', async () => {
    await rm(folder.root, { recursive: true });
    expect(await settle()).toBe('NotJoined');
  });
});

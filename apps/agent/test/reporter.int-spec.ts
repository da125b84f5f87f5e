import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPORT_MAX_BYTES } from '@takt/contracts';
import type { DesiredState, Report, ReportBody } from '@takt/contracts';
import { createDurableFs } from '@takt/durable-fs';
import { asId, silentLogger } from '@takt/kernel';
import type { DeploymentId, Digest, NodeId, SlotId } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONDITION_TYPES, reportCondition } from '../src/daemon/conditions.js';
import { StateReport } from '../src/daemon/state-report.js';
import { dataFolder } from '../src/data-folder.js';
import type { DataFolder } from '../src/data-folder.js';
import { DesiredStore, releaseConflict } from '../src/state/desired-store.js';
import { EMPTY_LEDGER, ledgerAfter } from '../src/state/ledger.js';
import { failedSchema } from '../src/state/memory.js';
import { rebuiltLedger } from '../src/state/rebuild-ledger.js';
import { Reporter } from '../src/state/reporter.js';
import { StateFiles } from '../src/state/state-files.js';

const nodeId = asId<NodeId>('5b1c2b5a-4d0e-4a55-9df5-9bd1c6a8a001');
const deploymentId = asId<DeploymentId>('5b1c2b5a-4d0e-4a55-9df5-9bd1c6a8a002');
const slotId = asId<SlotId>('5b1c2b5a-4d0e-4a55-9df5-9bd1c6a8a003');
const clock = { now: () => 0, monotonic: () => 0 };

let root: string;
let folder: DataFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-reporter-'));
  folder = dataFolder(root);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const filesOn = (fs: ReturnType<typeof createDurableFs>): StateFiles => new StateFiles({ fs, folder, clock, logger: silentLogger });
const open = (fs = createDurableFs(), rebuilt = EMPTY_LEDGER): Promise<Reporter> =>
  Reporter.open({
    files: filesOn(fs),
    folder,
    clock,
    nodeId,
    observedGeneration: () => 1,
    wanted: () => new Set<string>([deploymentId]),
    rebuildLedger: () => rebuilt,
  });
const state = (name: 'fetching' | 'building' | 'activating'): ReportBody => ({
  kind: 'deployment',
  deploymentId,
  slotId,
  generation: 1,
  state: name,
  reason: null,
  message: name,
  health: null,
  error: null,
});
const inJournal = async (reporter: Reporter): Promise<Report[]> =>
  (await Promise.all(reporter.journal.pending().map((seq) => reporter.journal.read(seq)))).filter((report) => report !== undefined);

/** File system that loses power before its n-th operation. */
const cutAt = (n: number): ReturnType<typeof createDurableFs> => {
  let count = 0;
  return createDurableFs({
    before: () => {
      count += 1;
      if (count > n) throw new Error('power cut');
    },
  });
};

describe('reports', () => {
  it('are numbered without gaps, also by calls that overlap and after a restart', async () => {
    const reporter = await open();
    await Promise.all([reporter.report(state('fetching')), reporter.report(state('building'))]);
    const again = await open();
    await again.report(state('activating'));
    expect((await inJournal(again)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('are neither repeated nor lost at any power cut: the ledger says what the journal holds', async () => {
    await (await open()).report(state('fetching'));
    let cuts = 0;
    for (let n = 0; n < 60; n += 1) {
      const before = await open();
      const known = before.ledger.deployments[deploymentId]?.state;
      if (known !== 'fetching') break;
      const reporter = await open(cutAt(n)).catch(() => undefined);
      const done = await reporter?.report(state('building')).then(
        () => true,
        () => false,
      );
      if (done === true) break;
      cuts += 1;
      const after = await open();
      const reports = await inJournal(after);
      expect(after.ledger.deployments[deploymentId]?.state).toBe(
        reports.some(({ body }) => body.kind === 'deployment' && body.state === 'building') ? 'building' : 'fetching',
      );
      expect(reports.map(({ seq }) => seq)).toEqual(reports.map((_report, index) => index + 1));
    }
    expect(cuts).toBeGreaterThan(4);
    const last = await open();
    expect((await inJournal(last)).map(({ body }) => body.kind === 'deployment' && body.state)).toEqual(['fetching', 'building']);
  });

  it('are forgotten only up to what the database has, at any power cut', async () => {
    const first = await open();
    for (const name of ['fetching', 'building', 'activating'] as const) await first.report(state(name));
    for (let n = 0; n < 40; n += 1) {
      const reporter = await open(cutAt(n)).catch(() => undefined);
      await reporter?.confirm(2).catch(() => undefined);
      const after = await open();
      expect(after.journal.pending()).toContain(3);
      expect(after.journal.lastSeq).toBe(3);
    }
    const last = await open();
    await last.confirm(2);
    expect(last.journal.pending()).toEqual([3]);
    await last.report(state('activating'));
    expect(last.journal.lastSeq).toBe(4);
  });

  it('are numbered after what the database has where this node lost its memory', async () => {
    const reporter = await open();
    await reporter.report(state('fetching'));
    await reporter.report(state('building'));
    await reporter.confirm(40);
    expect((await inJournal(reporter)).map(({ seq }) => seq)).toEqual([41, 42]);
    await reporter.report(state('activating'));
    expect(reporter.journal.lastSeq).toBe(43);
    expect((await open()).journal.pending()).toEqual([41, 42, 43]);
  });

  it.each(['while the agent runs', 'over a restart'])('keep their numbers where a file is damaged or gone %s', async (when) => {
    const fs = createDurableFs();
    const first = await open();
    for (let seq = 1; seq <= 5; seq += 1) await first.report(state('fetching'));
    await fs.write(join(folder.journal, '2.json'), '{"seq":');
    await fs.remove(join(folder.journal, '3.json'));
    await fs.write(join(folder.journal, '4.json'), JSON.stringify(await first.journal.read(5)));
    const reporter = when === 'over a restart' ? await open() : first;
    expect(reporter.journal.pending()).toEqual([1, 2, 3, 4, 5]);
    const read = await Promise.all(reporter.journal.pending().map((seq) => reporter.read(seq)));
    expect(read.map(({ seq, body }) => [seq, body.kind])).toEqual([
      [1, 'deployment'],
      [2, 'condition'],
      [3, 'condition'],
      [4, 'condition'],
      [5, 'deployment'],
    ]);
    expect(read[1]?.body).toMatchObject({
      condition: { status: 'false', reason: 'ReportLost', message: expect.stringContaining('2') as string },
    });
    expect(reporter.ledger.conditions['ReportsComplete']).toMatchObject({ status: 'false', reason: 'ReportLost' });
    expect(reporter.ledger.deployments[deploymentId]?.state).toBe('fetching');
    expect(await (await open()).read(2)).toEqual(read[1]);
    await reporter.report(state('building'));
    expect(reporter.journal.lastSeq).toBe(6);
  });

  /** Reports 1 to 5, of which the database has the first three. */
  const fiveReports = async (): Promise<void> => {
    const first = await open();
    for (let seq = 1; seq <= 5; seq += 1) await first.report(state('fetching'));
    await first.confirm(3);
  };

  it.each(['journalHead', 'ledger'] as const)(
    'are none of them repeated where %s is damaged, over any number of restarts',
    async (name) => {
      await fiveReports();
      await createDurableFs().write(folder[name], Buffer.alloc(64));
      for (let start = 1; start <= 3; start += 1) {
        const reporter = await open();
        expect(reporter.journal.confirmedSeq).toBe(3);
        expect((await inJournal(reporter)).map(({ seq }) => seq)).toEqual([4, 5]);
      }
      await rm(join(folder.journal, '4.json'));
      expect((await open()).journal.pending()).toEqual([4, 5]);
    },
  );

  it('keep what a rebuilt ledger says, wherever a kill comes between the loss of the file and the next one', async () => {
    const rebuilt = { ...EMPTY_LEDGER, facts: 'rebuilt' };
    let kills = 0;
    for (let n = 0; n < 40; n += 1) {
      await rm(root, { recursive: true });
      await (await open()).report(state('fetching'));
      await createDurableFs().write(folder.ledger, Buffer.alloc(64));
      const isKilled = (await open(cutAt(n), rebuilt).catch(() => undefined)) === undefined;
      expect((await open(createDurableFs(), rebuilt)).ledger.facts).toBe('rebuilt');
      if (!isKilled) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(4);
  });

  it('rebuild a ledger that is missing where the journal says that the node has reported before', async () => {
    await fiveReports();
    await rm(folder.ledger);
    expect((await open(createDurableFs(), { ...EMPTY_LEDGER, facts: 'rebuilt' })).ledger.facts).toBe('rebuilt');
  });

  it('go on where a file in the journal has a number that this node never gave', async () => {
    await fiveReports();
    for (const name of ['999999999999999', '4000000', '007']) await createDurableFs().write(join(folder.journal, `${name}.json`), '{}');
    const reporter = await open();
    expect(reporter.journal.pending()).toEqual([4, 5]);
    expect((await readdir(folder.quarantine)).map((name) => name.split('.')[0]).sort()).toEqual([
      'agent-journal-4000000',
      'agent-journal-999999999999999',
    ]);
    await reporter.report(state('building'));
    expect(reporter.journal.lastSeq).toBe(6);
  });

  it('that are too large to be sent are replaced by a note of the same number, so that those after them are delivered', async () => {
    const reporter = await open();
    await reporter.report({ ...(state('fetching') as Extract<ReportBody, { kind: 'deployment' }>), message: 'x'.repeat(REPORT_MAX_BYTES) });
    await reporter.report(state('building'));
    const note = await reporter.read(1);
    expect(note.body).toMatchObject({
      condition: {
        type: 'ReportsComplete',
        reason: 'ReportLost',
        message: expect.stringContaining(`more than the ${String(REPORT_MAX_BYTES)}`) as string,
      },
    });
    expect(await (await open()).read(1)).toEqual(note);
    expect((await reporter.read(2)).body).toEqual(state('building'));
    // NATS takes it with its subject and headers.
    expect(REPORT_MAX_BYTES).toBeLessThan(1024 * 1024 - 4096);
  });

  it('of a condition whose message is without end are cut to what the control plane takes', async () => {
    const reporter = await open();
    await reportCondition(reporter, clock, 'DiskSpace', { status: 'false', reason: 'Full', message: 'x'.repeat(1_000_000), action: null });
    expect(await inJournal(await open())).toMatchObject([
      { body: { condition: { message: expect.stringMatching(/^x{4095}…$/) as string } } },
    ]);
  });

  it('say each damage of a file, also of one that was damaged and replaced before, and that it is replaced', async () => {
    const reporter = await open();
    const files = filesOn(createDurableFs());
    const watch = new StateReport(files, folder, reporter, clock);
    const said = async (): Promise<string[]> =>
      (await inJournal(reporter)).flatMap(({ body }) => (body.kind === 'condition' ? [body.condition.reason] : []));
    for (let damage = 1; damage <= 2; damage += 1) {
      await createDurableFs().write(folder.failedContent, '');
      await files.read(folder.failedContent, failedSchema, 'it is made again');
      for (let round = 1; round <= 3; round += 1) await watch.report([], []);
    }
    expect(await said()).toEqual(['FileDamaged', 'Rebuilt', 'FileDamaged', 'Rebuilt']);
    await createDurableFs().write(folder.desired, '');
    await files.read(folder.desired, failedSchema, 'it is asked for');
    for (let round = 1; round <= 3; round += 1) await watch.report([folder.desired], []);
    expect((await said()).at(-1)).toBe('FileDamaged');
    await watch.report([], []);
    expect((await said()).at(-1)).toBe('Rebuilt');
  });

  it('say each file that a runtime moved away, and once more what lay there when the agent started', async () => {
    const reporter = await open();
    const lies = (name: string): Promise<void> => createDurableFs().write(join(folder.lines, 'strip', 'quarantine', name), '');
    await lies('line.json.20260101T000000000Z');
    const watch = new StateReport(filesOn(createDurableFs()), folder, reporter, clock);
    for (const day of ['', '02', '03']) {
      if (day !== '') await lies(`activation.json.202601${day}T000000000Z`);
      for (let round = 1; round <= 3; round += 1) await watch.report([], []);
    }
    const said = (await inJournal(reporter)).flatMap(({ body }) => (body.kind === 'condition' ? [body.condition] : []));
    expect(said.map(({ reason }) => reason)).toEqual(['Rebuilt', 'FileDamaged', 'Rebuilt', 'FileDamaged', 'Rebuilt']);
    expect(said[0]?.message).toContain('lines/strip/quarantine/line.json.20260101T000000000Z');
    expect(said[1]?.message).toContain('lines/strip/activation.json is damaged');
  });

  it('of every condition come again after the ledger was rebuilt, also where they say that all is well', async () => {
    await createDurableFs().write(folder.ledger, '');
    const reporter = await open(createDurableFs(), rebuiltLedger({ slots: {} }, new Set(), CONDITION_TYPES));
    for (const type of CONDITION_TYPES)
      await reportCondition(reporter, clock, type, { status: 'true', reason: 'Fine', message: '', action: null });
    expect(reporter.journal.pendingCount).toBe(CONDITION_TYPES.length);
    expect(CONDITION_TYPES).toContain('SourceReadable');
  });

  it('start from a rebuilt ledger where the one on disk does not have its content', async () => {
    await createDurableFs().write(folder.ledger, '{"seq":"x"}');
    expect((await open()).ledger).toEqual(EMPTY_LEDGER);
  });
});

describe('the ledger', () => {
  it('forgets old ended deployments, never one that is wanted', async () => {
    let ledger = EMPTY_LEDGER;
    const ended = (id: DeploymentId, seq: number): Report => ({
      schemaVersion: 1,
      nodeId,
      seq,
      at: '2026-01-01T00:00:00.000Z',
      observedGeneration: 1,
      body: { ...(state('fetching') as Extract<ReportBody, { kind: 'deployment' }>), deploymentId: id, state: 'committed' },
    });
    const other = (count: number): DeploymentId => asId<DeploymentId>(`5b1c2b5a-4d0e-4a55-9df5-9bd1c6b${String(count).padStart(5, '0')}`);
    ledger = ledgerAfter(ledger, ended(deploymentId, 1), null, new Set([deploymentId]));
    for (let count = 0; count < 250; count += 1)
      ledger = ledgerAfter(ledger, ended(other(count), count + 2), null, new Set([deploymentId]));
    expect(Object.keys(ledger.deployments)).toHaveLength(201);
    expect(ledger.deployments[deploymentId]?.state).toBe('committed');
    expect(ledger.deployments[other(0)]).toBeUndefined();
  });
});

describe('the desired state', () => {
  const digest = asId<Digest>(`sha256:${'0'.repeat(64)}`);
  const state = (generation: number, change: Partial<DesiredState> = {}): DesiredState => ({
    schemaVersion: 1,
    nodeId,
    epoch: '4d7a7c3e-1f1b-4c57-9a8e-0c3b0a6f5d11',
    generation,
    digest,
    issuedAt: '2026-01-01T00:00:00.000Z',
    body: { slots: [], jobs: [] },
    ...change,
  });
  const honest = async (generation: number, change: Partial<DesiredState> = {}): Promise<DesiredState> => {
    const { createHash } = await import('node:crypto');
    return state(generation, {
      digest: asId<Digest>(`sha256:${createHash('sha256').update('{"jobs":[],"slots":[]}').digest('hex')}`),
      ...change,
    });
  };

  it('is replaced only by a newer one, and stays over a restart', async () => {
    const store = await DesiredStore.open(filesOn(createDurableFs()), folder);
    expect(await store.offer(await honest(3))).toBe(true);
    expect(await store.offer(await honest(2))).toBe(false);
    expect((await DesiredStore.open(filesOn(createDurableFs()), folder)).present?.generation).toBe(3);
  });

  it('that is older is looked at twice, then waits for a person, who can release it', async () => {
    const fs = createDurableFs();
    const store = await DesiredStore.open(filesOn(fs), folder);
    await store.offer(await honest(3));
    // Overtaken on its way: the next look shows the present one.
    expect(await store.offer(await honest(2))).toBe(false);
    expect(store.doubtful).toBe(true);
    await store.offer(await honest(3));
    expect(store).toMatchObject({ doubtful: false, condition: { status: 'true' } });
    await store.offer(await honest(2));
    await store.offer(await honest(2));
    expect(store).toMatchObject({ doubtful: false, condition: { status: 'false', reason: 'OlderGeneration' } });
    expect(store.present?.generation).toBe(3);
    await releaseConflict(fs, folder);
    expect(await store.offer(await honest(2))).toBe(true);
    expect(store.condition.status).toBe('true');
  });

  it('of another database waits for a person, who can release it', async () => {
    const fs = createDurableFs();
    const store = await DesiredStore.open(filesOn(fs), folder);
    await store.offer(await honest(3));
    const foreign = await honest(1, { epoch: '4d7a7c3e-1f1b-4c57-9a8e-0c3b0a6f5d12' });
    expect(await store.offer(foreign)).toBe(false);
    expect(store.condition).toMatchObject({
      status: 'false',
      reason: 'EpochChanged',
      action: expect.stringContaining('takt-agent accept') as string,
    });
    expect(store.present?.generation).toBe(3);
    expect((await releaseConflict(fs, folder))?.generation).toBe(1);
    expect(await store.offer(foreign)).toBe(true);
    expect(store.condition.status).toBe('true');
    expect(await releaseConflict(fs, folder)).toBeUndefined();
  });

  it('takes away the release of a conflict when it accepts one, also after a restart in between', async () => {
    const fs = createDurableFs();
    await (await DesiredStore.open(filesOn(fs), folder)).offer(await honest(3));
    const foreign = await honest(1, { epoch: '4d7a7c3e-1f1b-4c57-9a8e-0c3b0a6f5d12' });
    await (await DesiredStore.open(filesOn(fs), folder)).offer(foreign);
    await releaseConflict(fs, folder);
    expect(await (await DesiredStore.open(filesOn(fs), folder)).offer(foreign)).toBe(true);
    expect(await fs.read(folder.released)).toBeUndefined();
    expect(await fs.read(folder.conflict)).toBeUndefined();
  });

  it('with a content that is not the announced one is refused', async () => {
    const store = await DesiredStore.open(filesOn(createDurableFs()), folder);
    expect(await store.offer(state(1))).toBe(false);
    expect(store.condition.reason).toBe('DigestMismatch');
  });
});

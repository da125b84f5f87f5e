import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import type { FileOperation } from '@takt/durable-fs';
import { silentLogger } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder } from '../src/data-folder.js';
import type { DataFolder } from '../src/data-folder.js';
import { loadOrCreateKey, recoverIdentity, saveIdentity } from '../src/identity/identity-store.js';
import { DesiredStore } from '../src/state/desired-store.js';
import { EMPTY_LEDGER } from '../src/state/ledger.js';
import { NodeMemory } from '../src/state/memory.js';
import { prepareFolders, prepareOwnFolder } from '../src/state/prepare-folders.js';
import { Reporter } from '../src/state/reporter.js';
import { stateCondition } from '../src/state/state-condition.js';
import { StateFiles } from '../src/state/state-files.js';
import { NodeStand } from './node-stand.js';

const clock = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0 };
const nodeId = '5b1c2b5a-4d0e-4a55-9df5-9bd1c6a8a001' as never;
const fs = createDurableFs();

const DAMAGES = {
  'cut in half': (path: string) => writeFile(path, '{"schemaVersion":1,"seq":'),
  empty: (path: string) => writeFile(path, ''),
  zeros: (path: string) => writeFile(path, Buffer.alloc(512)),
  'random bytes': (path: string) => writeFile(path, Buffer.from([0xff, 0xfe, 0x80, 0x01, 0xc3, 0x28])),
  'JSON of the wrong shape': (path: string) => writeFile(path, '[1,2]'),
  'a folder in its place': (path: string) => mkdir(path),
  'a FIFO in its place': (path: string) => Promise.resolve(void execFileSync('mkfifo', [path])),
} as const;
const FILES = {
  'desired.json': (f: DataFolder) => f.desired,
  'current.json': (f: DataFolder) => f.current,
  'rollback.json': (f: DataFolder) => f.rollback,
  'failed-content.json': (f: DataFolder) => f.failedContent,
  'ledger.json': (f: DataFolder) => f.ledger,
  'journal-head.json': (f: DataFolder) => f.journalHead,
  'journal/1.json': (f: DataFolder) => join(f.journal, '1.json'),
  'identity.json': (f: DataFolder) => f.identity.document,
  'node.jwt': (f: DataFolder) => f.identity.jwt,
  'node.nk': (f: DataFolder) => f.identity.seed,
} as const;

let root: string;
let folder: DataFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-damage-'));
  folder = dataFolder(root);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Opens everything that an agent opens when it starts, and reports once. */
async function start(): Promise<StateFiles> {
  const { files, reporter } = await open(fs);
  const condition = {
    type: 'DiskSpace',
    status: 'true',
    reason: 'Enough',
    message: '',
    action: null,
    since: '2026-01-01T00:00:00Z',
  } as const;
  await reporter.report({ kind: 'condition', condition });
  for (const seq of reporter.journal.pending()) expect((await reporter.read(seq)).seq).toBe(seq);
  expect(reporter.journal.pending()).toEqual(reporter.journal.pending().map((_seq, index) => (reporter.journal.pending()[0] ?? 0) + index));
  return files;
}

async function open(disk: DurableFs, logger = silentLogger): Promise<{ readonly files: StateFiles; readonly reporter: Reporter }> {
  const files = new StateFiles({ fs: disk, folder, clock, logger });
  await prepareFolders(files, folder);
  await recoverIdentity(files, folder);
  const desired = await DesiredStore.open(files, folder);
  await NodeMemory.open(files, folder, () => Promise.resolve({ slots: {} }));
  const reporter = await Reporter.open({
    files,
    folder,
    clock,
    nodeId,
    observedGeneration: () => desired.present?.generation ?? 0,
    wanted: () => new Set(),
    rebuildLedger: () => EMPTY_LEDGER,
  });
  return { files, reporter };
}

describe.each(Object.keys(FILES) as (keyof typeof FILES)[])('%s', (name) => {
  it.each(Object.keys(DAMAGES) as (keyof typeof DAMAGES)[])(
    '%s: is moved to the quarantine folder, named in the condition, and does not stop the agent',
    async (how) => {
      await loadOrCreateKey(fs, folder);
      const identity = { nodeId, nodeName: 'n', site: 's', publicKey: 'U', serverUrl: 'http://x', natsUrls: ['nats://x'] };
      await saveIdentity(fs, folder, identity, 'not.a.jwt');
      await rm(folder.identity.jwt);
      const path = FILES[name](folder);
      await mkdir(dirname(path), { recursive: true });
      await rm(path, { force: true });
      await DAMAGES[how](path);
      const files = await start();
      expect(files.findings).toMatchObject([{ kind: 'damaged', movedTo: expect.stringContaining(folder.quarantine) as string }]);
      expect(await readdir(folder.quarantine)).toHaveLength(1);
      const says = stateCondition(files.findings, () => false, []);
      expect(says).toMatchObject({ status: 'false', reason: 'FileDamaged', message: expect.stringContaining(name) as string });
      if (name === 'identity.json') expect((await recoverIdentity(files, folder)).identity).toEqual(identity);
      expect((await start()).findings).toEqual([]);
    },
  );
});

const refusing = (code: string, refuses: (operation: FileOperation) => boolean): DurableFs =>
  createDurableFs({
    before: (operation) => {
      if (refuses(operation)) throw Object.assign(new Error(`${code}: refused by the disk`), { code });
    },
  });

/** Every state file damaged; the journal has one report. */
async function damageAll(): Promise<void> {
  for (const pathOf of Object.values(FILES)) await fs.write(pathOf(folder), Buffer.alloc(64));
}

describe('a disk that does not let a damaged file be moved', () => {
  it.each(['EROFS', 'ENOSPC', 'EACCES'])('(%s) keeps the agent from nothing: each file says so once, and none is deleted', async (code) => {
    await damageAll();
    const logged: string[] = [];
    const logger = {
      ...silentLogger,
      error: (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    };
    const { files, reporter } = await open(
      refusing(code, ({ kind, to }) => kind === 'rename' && to?.startsWith(folder.quarantine) === true),
      logger,
    );
    for (const seq of reporter.journal.pending()) await reporter.read(seq);
    await recoverIdentity(files, folder);
    expect(await readdir(folder.quarantine)).toEqual([]);
    expect(files.findings.map(({ file }) => file).sort()).toEqual([...new Set(files.findings.map(({ file }) => file))].sort());
    expect(files.findings).toHaveLength(Object.keys(FILES).length);
    for (const { file } of files.findings) expect(logged.filter((one) => one.includes(`"${file} is damaged`))).toHaveLength(1);
    // The key was not replaced, so it is where it was; what is known again took the place of what was damaged.
    expect(await readFile(folder.identity.seed)).toEqual(Buffer.alloc(64));
    const ofKey = files.findings.find(({ file }) => file === 'identity/node.nk');
    expect(ofKey).toMatchObject({ movedTo: null, trouble: expect.stringContaining(code) as string });
    expect(files.findings.find(({ file }) => file === 'agent/ledger.json')).toMatchObject({ trouble: null });
    expect(stateCondition(files.findings, () => true, [])).toMatchObject({ status: 'false', reason: 'FileStuck' });

    // Once the disk takes files again, they are moved.
    const later = await open(fs);
    expect(later.files.findings.find(({ file }) => file === 'identity/node.nk')?.movedTo).toContain(folder.quarantine);
  });

  it('and takes no writes at all keeps the agent from nothing that it needs no write for', async () => {
    await damageAll();
    const { files } = await open(refusing('EROFS', ({ kind }) => kind !== 'fsync-folder'));
    expect(files.findings.find(({ file }) => file === 'agent/journal-head.json')).toMatchObject({
      trouble: expect.stringContaining('its replacement cannot be written') as string,
    });
    for (const pathOf of Object.values(FILES)) expect(await readFile(pathOf(folder))).toEqual(Buffer.alloc(64));
  });

  it('never has a file overwritten that could not be read', async () => {
    await fs.write(folder.current, 'whole');
    const isUnreadable = (path: string): boolean => path === folder.current;
    const unreadable = (disk: DurableFs): DurableFs => ({
      ...disk,
      read: (path) => (isUnreadable(path) ? Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })) : disk.read(path)),
    });
    const { files } = await open(unreadable(refusing('EROFS', ({ to }) => to?.startsWith(folder.quarantine) === true)));
    await expect(files.write(folder.current, { slots: {} })).rejects.toMatchObject({ code: 'StateFileStuck', element: folder.current });
    expect(await readFile(folder.current, 'utf8')).toBe('whole');
    expect(stateCondition(files.findings, () => true, [])).toMatchObject({ status: 'false', reason: 'FileStuck' });

    const later = await open(unreadable(fs));
    expect(await readFile(folder.current, 'utf8')).toBe('whole');
    await later.files.write(folder.current, { slots: {} });
    const [moved = ''] = await readdir(folder.quarantine);
    expect(await readFile(join(folder.quarantine, moved), 'utf8')).toBe('whole');
  });
});

const CODED = /^[A-Z][A-Za-z]+: .+\n {2}→ .+\n$/;

describe('local commands as processes', () => {
  let node: NodeStand;
  beforeEach(async () => {
    node = await NodeStand.create();
    folder = dataFolder(node.data);
  });
  afterEach(() => node.destroy());

  const linesFiles = (): string[] => ['line.json', 'activation.json'].map((name) => join(folder.lines, 'strip', name));

  it('answer, or name one error, where every file is damaged in one way or another', async () => {
    const ways = ['cut in half', 'empty', 'zeros', 'a folder in its place', 'a FIFO in its place'] as const;
    const paths = [...Object.values(FILES).map((pathOf) => pathOf(folder)), ...linesFiles()];
    for (const [index, path] of paths.entries()) {
      await mkdir(dirname(path), { recursive: true });
      await DAMAGES[ways[index % ways.length] ?? 'empty'](path);
    }
    const [status, diagnose, rollback] = await Promise.all(['status', 'diagnose', 'rollback'].map((name) => node.tryCommand(name)));
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(diagnose).toMatchObject({ code: 1, stderr: '' });
    // A report of the journal is only counted by these commands.
    for (const path of paths.filter((one) => !one.startsWith(folder.journal + sep))) {
      const name = relative(folder.root, path);
      expect(status?.stdout).toContain(`${name} is damaged`);
      expect(diagnose?.stdout).toContain(`FAIL file ${name}: damaged`);
    }
    expect(rollback).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(CODED) as string });
    expect(rollback?.stderr).toMatch(/^RuntimeUnreachable: .*strip/);
  });

  it('answer where there is no data folder, and where files are in the place of its folders', async () => {
    const check = async (...commands: string[]): Promise<void> => {
      for (const { code, stdout, stderr } of await Promise.all(commands.map((name) => node.tryCommand(name)))) {
        expect([0, 1]).toContain(code);
        if (stderr !== '') expect(stderr).toMatch(CODED);
        expect(stdout + stderr).not.toMatch(/AgentFailed|\n {4}at /);
        expect(stdout + stderr).not.toBe('');
      }
    };
    await check('status', 'diagnose');
    await mkdir(folder.root);
    for (const path of [folder.agent, folder.identity.folder, folder.lines]) await writeFile(path, '');
    await check('status', 'diagnose', 'rollback', 'accept', 'forget');
  });

  it('of an agent that waits for a read that never ends: it is killed at its deadline', async () => {
    await mkdir(folder.root, { recursive: true });
    execFileSync('mkfifo', [join(folder.root, 'fifo')]);
    const script = `
      import { readFile } from 'node:fs/promises';
      import { endWithin } from ${JSON.stringify(new URL('../dist/run/stop-deadline.js', import.meta.url).href)};
      void readFile(${JSON.stringify(join(folder.root, 'fifo'))});
      endWithin(20, { error: () => undefined });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
    expect(await new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))).toBe('SIGKILL');
  });

  it('of an agent whose lock is a folder: it ends with one error and deletes nothing', async () => {
    await mkdir(folder.lock, { recursive: true });
    await writeFile(join(folder.lock, 'inside'), 'kept');
    const { code, stderr } = await node.tryCommand('run', '--server', 'http://127.0.0.1:9', '--token', 'x');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^SocketPathTaken: .+agent\.sock.+\n {2}→ .+\n$/);
    expect(await readFile(join(folder.lock, 'inside'), 'utf8')).toBe('kept');
  });

  it('of an agent whose own folder is a file: it puts the file beside it and goes on', async () => {
    await mkdir(folder.root);
    await writeFile(folder.agent, 'kept');
    expect(await node.tryCommand('run')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^NotJoined/m) as string });
    expect(await readFile(`${folder.agent}.damaged`, 'utf8')).toBe('kept');
  });

  it('of an agent whose own folder is a file again: what was put beside it stays, and the file is among what was found', async () => {
    await mkdir(join(`${folder.agent}.damaged`, 'full'), { recursive: true });
    for (const n of ['2', '3']) {
      await rm(folder.agent, { recursive: true, force: true });
      await writeFile(folder.agent, n);
      const files = new StateFiles({ fs, folder, clock, logger: silentLogger });
      await prepareOwnFolder(files, folder);
      expect(files.findings).toMatchObject([{ file: 'agent', kind: 'damaged', movedTo: `${folder.agent}.damaged-${n}` }]);
      expect(await readFile(`${folder.agent}.damaged-${n}`, 'utf8')).toBe(n);
    }
    expect(await readdir(`${folder.agent}.damaged`)).toEqual(['full']);
  });
});

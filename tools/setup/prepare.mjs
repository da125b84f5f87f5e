/**
 * Brings a checkout to the point where takt's own code can run: dependencies, Node.js 24, compiled sources. Plain
 * JavaScript without dependencies, because it runs before anything is installed; each step is skipped when nothing changed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildConsole } from './build-console.mjs';
import { takeLock } from '../../libs/local-stack/setup/file-lock.mjs';
import { isInstalled } from './installed.mjs';
import { isInterrupted, root, run } from './run-command.mjs';
import { Interrupted, SetupError } from '../../libs/local-stack/setup/setup-error.mjs';

export { root, run } from './run-command.mjs';
const OLDEST_FOR_SETUP = [20, 19];
const OLDEST_FOR_TAKT = 22;

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const step = async (title, work) => {
  const since = performance.now();
  if (process.stdout.isTTY) process.stdout.write(`  … ${title}`);
  let note;
  try {
    note = await work();
  } catch (thrown) {
    if (process.stdout.isTTY) process.stdout.write('\n');
    throw thrown;
  }
  process.stdout.write(`${process.stdout.isTTY ? '\r' : ''}  ✓ ${title}${note ? ` (${note})` : ''} · ${seconds(since)}\n`);
};

const requireNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = OLDEST_FOR_SETUP;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor)) {
    throw new SetupError(
      `takt needs Node.js ${wantMajor}.${wantMinor} or newer to set itself up; this is ${process.version}`,
      'install a current Node.js and run the command again',
    );
  }
};

/** The npm that runs this script, or the one on PATH. */
const npm = (args, options) => {
  const cli = process.env.npm_execpath;
  return cli !== undefined && cli.endsWith('.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
};

const isWritable = (folder) => {
  try {
    // Not by a recursive mkdir, which never returns below /proc.
    let present = folder;
    while (!existsSync(present)) present = dirname(present);
    rmSync(mkdtempSync(join(present, '.takt-probe-')), { recursive: true });
    return true;
  } catch {
    return false;
  }
};

/** Folders of this checkout in place of those below HOME and TMPDIR that cannot be written to. */
const writableFolders = () => {
  const cache = process.env.npm_config_cache ?? join(homedir(), '.npm');
  const inCheckout = (name) => {
    const folder = join(root, '.takt', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  return {
    ...(isWritable(cache) ? {} : { npm_config_cache: inCheckout('npm-cache'), npm_config_logs_max: '0' }),
    ...(isWritable(tmpdir()) ? {} : { TMPDIR: inCheckout('tmp') }),
  };
};

/** `npm ci`. Install scripts are off in `.npmrc`: none of the packages needs one, and one of them downloads from outside the registry. */
const install = async (dev, lock) => {
  if (isInstalled(root, dev)) return 'already there';
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(dev ? [] : ['--omit=dev'])];
  const { code, output } = await npm(args, { lock });
  if (code !== 0) {
    throw new SetupError(
      `npm could not install the dependencies:\n${output.trim().split('\n').slice(-8).join('\n')}`,
      'check the network or the registry setting (npm config get registry) and run the command again',
    );
  }
  return dev ? 'all packages' : 'packages to run';
};

/** Node.js that takt's processes run on: 24 LTS from npm where it is there, else this one when it is new enough. */
export const nodePath = () => {
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_FOR_TAKT) return process.execPath;
  throw new SetupError(
    `Node.js ${OLDEST_FOR_TAKT} or newer is needed to run takt, and npm has none for ${process.platform}-${process.arch}`,
    'install Node.js 24',
  );
};

/** Environment in which `node` and the workspace's commands are the packaged ones. */
export const runEnvironment = () => ({
  PATH: [dirname(nodePath()), join(root, 'node_modules', '.bin'), process.env.PATH].join(':'),
  NX_DAEMON: 'false',
});

const build = async (lock) => {
  const { code, output } = await run(nodePath(), ['node_modules/typescript/bin/tsc', '-b'], { env: runEnvironment(), lock });
  if (code !== 0)
    throw new SetupError(`the sources do not compile:\n${output.trim()}`, 'undo the last change to the sources, or correct it');
};

/** Everything but the console works without it, and its address says what is missing: not a reason to stop here. */
const bundle = async (lock) => {
  const { error, note } = await buildConsole({
    root,
    run: (args, env) => run(nodePath(), args, { env: { ...runEnvironment(), ...env }, lock }),
  });
  if (isInterrupted()) throw new Interrupted();
  if (error !== undefined)
    process.stderr.write(`  ! the console does not build, the rest continues without it:\n${error.replaceAll(/^/gm, '    ')}\n`);
  return error === undefined ? note : 'without the console';
};

/** How a lock is taken over whose last holder was killed: said, and ended by Ctrl-C. */
export const waitingForLeftovers = {
  onWait: (pids) => process.stdout.write(`  waiting for what a killed run left to end (process ${pids.map(String).join(', ')})\n`),
  isInterrupted,
};

/** One at a time changes node_modules and dist; the next one waits. */
const lockCheckout = async () => {
  mkdirSync(join(root, '.takt'), { recursive: true });
  for (let told = false; ; told = true) {
    const { lock, holder } = await takeLock(join(root, '.takt', 'setup.lock'), waitingForLeftovers);
    if (lock !== undefined) return lock;
    if (!told) process.stdout.write(`  process ${String(holder.pid)} prepares this checkout: waiting for it\n`);
    await sleep(200);
    if (isInterrupted()) throw new Interrupted();
  }
};

const requireWritableCheckout = () => {
  if (isWritable(join(root, '.takt'))) return;
  throw new SetupError(`this checkout (${root}) cannot be written to`, 'copy it to a folder of your own and run the command there');
};

/**
 * @param {{ dev: boolean }} options `dev` also installs what only tests and lint need.
 */
export const prepare = async ({ dev }) => {
  requireNode();
  requireWritableCheckout();
  Object.assign(process.env, writableFolders());
  const lock = await lockCheckout();
  try {
    await step('dependencies', () => install(dev, lock));
    await step('sources compiled', () => build(lock));
    await step('console', () => bundle(lock));
  } finally {
    lock.release();
  }
};

/** Compiles and bundles what is installed already. */
export const buildInstalled = async () => {
  requireNode();
  const lock = await lockCheckout();
  try {
    await step('sources compiled', () => build(lock));
    await step('console', () => bundle(lock));
  } finally {
    lock.release();
  }
};

/** Runs `main` and turns what it throws into a message and an exit code. */
export const guarded = async (main) => {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stdout.write('Interrupted, nothing is left running. The same command continues from here.\n');
      process.exitCode = 130;
      return;
    }
    // Also those of takt's own libraries, which say what to do next.
    if (!(error instanceof SetupError) && typeof error?.action !== 'string') throw error;
    process.stderr.write(`\n✗ ${error.message}\n  Next: ${error.action}\n`);
    process.exitCode = 1;
  }
};

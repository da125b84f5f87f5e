/**
 * Brings a checkout to the point where takt's own code can run: dependencies, Node.js 24, compiled sources. Plain
 * JavaScript without dependencies, because it runs before anything is installed; each step is skipped when nothing changed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildConsole } from './build-console.mjs';

export const root = join(import.meta.dirname, '..', '..');
const OLDEST_FOR_SETUP = [20, 19];
const OLDEST_FOR_TAKT = 22;

/** A refusal with a next step; printed without a stack trace. */
export class SetupError extends Error {
  constructor(message, action) {
    super(message);
    this.action = action;
  }
}

const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM');
    if (children.size === 0) process.exit(130);
  });
}

/** Runs a command in the repository root and resolves with its exit code and output; `inherit` shows the output as it comes. */
export const run = (command, args, { env = {}, inherit = false } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      children.delete(child);
      if (signal === 'SIGTERM' || signal === 'SIGINT') process.exit(130);
      resolve({ code: code ?? 1, output });
    });
  });

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const step = async (title, work) => {
  const since = performance.now();
  if (process.stdout.isTTY) process.stdout.write(`  … ${title}`);
  const note = await work();
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

const hashOf = (path) =>
  createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');

/** The npm that runs this script, or the one on PATH. */
const npm = (args, options) => {
  const cli = process.env.npm_execpath;
  return cli !== undefined && cli.endsWith('.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
};

const stampPath = join(root, 'node_modules', '.takt-installed.json');
const readStamp = () => {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    return {};
  }
};

/** `npm ci` without install scripts: none of the packages needs one here, and one of them downloads from outside the registry. */
const install = async (dev) => {
  const lock = hashOf('package-lock.json');
  const stamp = readStamp();
  if (stamp.lock === lock && (stamp.dev || !dev)) return 'already there';
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...(dev ? [] : ['--omit=dev'])];
  const { code, output } = await npm(args, { env: { ONNXRUNTIME_NODE_INSTALL: 'skip' } });
  if (code !== 0) {
    throw new SetupError(
      `npm could not install the dependencies:\n${output.trim().split('\n').slice(-8).join('\n')}`,
      'check the network or the registry setting (npm config get registry) and run the command again',
    );
  }
  writeFileSync(stampPath, JSON.stringify({ lock, dev }));
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

const build = async () => {
  const { code, output } = await run(nodePath(), ['node_modules/typescript/bin/tsc', '-b'], { env: runEnvironment() });
  if (code !== 0)
    throw new SetupError(`the sources do not compile:\n${output.trim()}`, 'undo the last change to the sources, or correct it');
};

/** Everything but the console works without it, and its address says what is missing: no reason to stop here. */
const bundle = async () => {
  const { error, note } = await buildConsole({ root, run: (args, env) => run(nodePath(), args, { env: { ...runEnvironment(), ...env } }) });
  if (error !== undefined)
    process.stderr.write(`  ! the console does not build, the rest goes on without it:\n${error.replaceAll(/^/gm, '    ')}\n`);
  return error === undefined ? note : 'without the console';
};

/**
 * @param {{ dev: boolean }} options `dev` also installs what only tests and lint need.
 */
export const prepare = async ({ dev }) => {
  requireNode();
  mkdirSync(join(root, '.takt'), { recursive: true });
  await step('dependencies', () => install(dev));
  await step(`sources compiled`, build);
  await step('console', bundle);
};

/** Runs `main` and turns what it throws into words and an exit code. */
export const guarded = async (main) => {
  try {
    process.exitCode = await main();
  } catch (error) {
    // Also those of takt's own libraries, which say what to do next.
    if (!(error instanceof SetupError) && typeof error?.action !== 'string') throw error;
    process.stderr.write(`\n✗ ${error.message}\n  Next: ${error.action}\n`);
    process.exitCode = 1;
  }
};

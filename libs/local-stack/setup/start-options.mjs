/** The options of `npm start`, checked before anything is installed: a mistyped one costs no minute. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError } from './setup-error.mjs';

/** Taken where `--port` is not given and no other program has it. */
const DEFAULT_PORT = 4600;

export const USAGE = `npm start -- [--once] [--fresh] [--no-demo] [--data DIR] [--port N]

  --once     run the demo, print its summary, stop everything, exit 0 or 1
  --fresh    forget what earlier runs left in the data folder
  --no-demo  start PostgreSQL, NATS and the control plane only
  --data     data folder (default .takt/data)
  --port     port of the API and the console (default 4600, or a free one where that is in use; 0: a free one)
`;

/** Lower ones belong to the system's services; browsers refuse to open many of them. */
const isPort = (text) => /^\d{1,5}$/.test(text) && (Number(text) === 0 || (Number(text) >= 1024 && Number(text) <= 65_535));

const usageError = (message) => new SetupError(message, 'see npm start -- --help');

/** "Unknown option '--nce'. To specify a positional …" without the advice that does not fit here. */
const firstSentence = (message) => message.split(/\. /)[0].replace(/\.$/, '');

/**
 * @param {readonly string[]} args
 * @param {string} root what relative paths of the default refer to
 * @param {string} cwd what a given `--data` refers to
 */
export const parseStartOptions = (args, root, cwd = process.cwd()) => {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        data: { type: 'string' },
        port: { type: 'string' },
      },
    }));
  } catch (thrown) {
    throw usageError(firstSentence(thrown.message));
  }
  if (values.help) return 'help';
  if (values.port !== undefined && !isPort(values.port))
    throw usageError(`--port ${values.port} is neither 0 nor a port number from 1024 to 65535`);
  if (values.data === '') throw usageError('--data names no folder');
  return {
    once: values.once,
    fresh: values.fresh,
    servicesOnly: values['no-demo'],
    dataDir: values.data === undefined ? join(root, '.takt', 'data') : resolve(cwd, values.data),
    /** Undefined: the default port, or another. */
    port: values.port === undefined ? undefined : Number(values.port),
  };
};

const REASONS = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'its name is too long',
  ENOTDIR: 'a part of the path is a file',
  ENOENT: 'folders cannot be made there',
};

const elsewhere = 'name a folder that you can write to: npm start -- --data DIR';

/** Marks a data folder of takt, so that no other folder is ever taken for one and wiped. */
export const DATA_MARK = '.takt-data';
/** What bears no mark but was takt's before there was one: it holds what the demo remembers. */
const OLDER_MARK = 'demo.json';

/** Refuses what takt would have to share with other files: `--fresh` removes everything in a data folder. */
const requireOwnFolder = (dataDir, root) => {
  if (root === dataDir || root.startsWith(`${dataDir === '/' ? '' : dataDir}/`))
    throw new SetupError(`the data folder ${dataDir} holds this checkout`, elsewhere);
  const content = readdirSync(dataDir);
  if (content.length > 0 && !content.includes(DATA_MARK) && !content.includes(OLDER_MARK))
    throw new SetupError(
      `the folder ${dataDir} holds other files than those of takt`,
      'name an empty or a new folder: npm start -- --data DIR',
    );
};

/**
 * Makes the data folder where it is missing, marks it as takt's, and shows that files can be written there.
 *
 * @throws SetupError where it is no folder, cannot be written to, or holds other files
 */
export const requireDataFolder = (dataDir, root) => {
  const isDefault = dataDir === join(root, '.takt', 'data');
  try {
    if (statSync(dataDir, { throwIfNoEntry: false })?.isDirectory() === false)
      throw new SetupError(`the data folder ${dataDir} is a file`, elsewhere);
    // Other parents are not made: a mistyped path would be one more place that fills up.
    mkdirSync(dataDir, { recursive: isDefault || existsSync(dataDir) });
    if (!isDefault) requireOwnFolder(dataDir, root);
    const probe = join(dataDir, `.write-probe.${String(process.pid)}`);
    writeFileSync(probe, '');
    rmSync(probe);
    writeFileSync(join(dataDir, DATA_MARK), 'npm start -- --fresh removes everything in this folder\n');
  } catch (thrown) {
    if (thrown instanceof SetupError) throw thrown;
    const parent = dirname(dataDir);
    if (thrown.code === 'ENOENT' && statSync(parent, { throwIfNoEntry: false }) === undefined)
      throw new SetupError(`${parent}, the parent of the data folder, does not exist`, `create it (mkdir -p ${parent}), or ${elsewhere}`);
    throw new SetupError(`the data folder ${dataDir} cannot be used: ${REASONS[thrown.code] ?? thrown.message}`, elsewhere);
  }
};

/** The port that is free at this moment, or the code of the error. */
const tryPort = (port) =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done({ error: error.code }));
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address().port;
      server.close(() => done({ port: bound }));
    });
  });

/**
 * The port of the API: the one asked for, which must be free; else the last run's or the default one where free, else any.
 *
 * @param {number | undefined} asked
 * @param {number | undefined} last
 */
export const choosePort = async (asked, last) => {
  if (asked !== undefined) {
    const { port, error } = await tryPort(asked);
    if (error === undefined) return port;
    const reason = error === 'EACCES' ? 'may be used by root only' : 'is in use by another program';
    throw new SetupError(`port ${String(asked)} ${reason}`, 'choose another, or let takt choose: npm start -- --port 0');
  }
  for (const candidate of [last, DEFAULT_PORT, 0]) {
    const { port } = candidate === undefined ? {} : await tryPort(candidate);
    if (port !== undefined) return port;
  }
  throw new SetupError('no TCP port of 127.0.0.1 can be opened', 'check that the loopback interface is up (ip addr show lo)');
};

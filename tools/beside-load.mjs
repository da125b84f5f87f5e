/**
 * `npm run test:busy`: runs the suite (or another command after `--`) beside other work on the same host, once for each kind
 * of load, and prints one table. Exits 0 when every run exits 0 within its limit.
 *
 *   node tools/beside-load.mjs [--loads steady:1,bursts:1,bursts:2] [--limit 25] [-- COMMAND...]
 *
 * `--limit` is in minutes. With TAKT_REFERENCE_DIR the load generator of the reference folder is used, else tools/load.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const cut = args.includes('--') ? args.indexOf('--') : args.length;
const { values } = parseArgs({
  args: args.slice(0, cut),
  options: { loads: { type: 'string', default: 'steady:1,bursts:1,bursts:2' }, limit: { type: 'string', default: '25' } },
});
const [command, ...rest] = args.slice(cut + 1).length > 0 ? args.slice(cut + 1) : ['npm', 'test'];
const limitMs = Number(values.limit) * 60_000;
const reference = join(process.env.TAKT_REFERENCE_DIR ?? '', 'load', 'load.mjs');
const given = process.env.TAKT_REFERENCE_DIR !== undefined && existsSync(reference);
const logDir = join(root, '.takt', 'beside-load');
mkdirSync(logDir, { recursive: true });

const children = new Set();
const start = (name, argv, options) => {
  const child = spawn(name, argv, { cwd: root, ...options });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM');
    process.exit(130);
  });
}

/** Runs the command beside one load; resolves with how it ended and its last lines. */
const runBeside = async (mode, seed) => {
  const loadArgs = ['--mode', mode, '--seed', seed, '--workers', String(availableParallelism()), ...(given ? ['--seconds', '86400'] : [])];
  const load = start(process.execPath, [given ? reference : join(root, 'tools', 'load', 'host-load.mjs'), ...loadArgs], {
    stdio: 'ignore',
  });
  const log = createWriteStream(join(logDir, `${mode}-${seed}.log`));
  const since = performance.now();
  const child = start(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      process.stdout.write(chunk);
      log.write(chunk);
      tail = (tail + chunk).slice(-4000);
    });
  }
  const code = await new Promise((resolve) => child.on('exit', (exitCode, signal) => resolve(exitCode ?? signal)));
  load.kill('SIGTERM');
  log.end();
  const lines = tail.trim().split('\n');
  return { run: `${mode} ${seed}`, code, ms: performance.now() - since, load: loadavg()[1], last: lines.slice(-2) };
};

const results = [];
for (const each of values.loads.split(',')) {
  const [mode, seed = '1'] = each.split(':');
  process.stdout.write(`\ntakt · ${command} ${rest.join(' ')} beside ${mode} load, seed ${seed}\n`);
  results.push(await runBeside(mode, seed));
}
process.stdout.write(
  `\nBeside other work (${availableParallelism()} cores, limit ${values.limit} min a run, output in .takt/beside-load)\n`,
);
for (const { run, code, ms, load, last } of results) {
  const ok = code === 0 && ms <= limitMs;
  const why = code !== 0 ? `exit ${code}` : ms > limitMs ? 'over its limit' : 'green';
  process.stdout.write(
    `${ok ? '✓' : '✗'} ${run.padEnd(10)} ${String(Math.round(ms / 1000)).padStart(5)} s  load ${load.toFixed(1).padStart(4)}  ${why}\n`,
  );
  for (const line of last) process.stdout.write(`    ${line}\n`);
}
process.exitCode = results.every(({ code, ms }) => code === 0 && ms <= limitMs) ? 0 : 1;

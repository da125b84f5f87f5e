/**
 * Puts hostile model files to everything that takt does with one: each must end in a result or in an error with a code, a sentence and
 * a next action, within a time and a memory. `node tools/prove-import.mjs [--files 10000] [--from 0] [--json]`; needs a build.
 * Exits 1 where one does not.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HOSTILE_KINDS } from '@takt/testing';
import { WatchedChild } from './prove-import/watched-child.mjs';

const MIB = 1024;
/** All checks and emissions of the shipped detector take two seconds alone; half a minute on a busy machine means that something grows faster than the file. */
const CHECKS = { heapMiB: 768, memoryKiB: 1024 * MIB, deadlineMs: 30_000 };
/** What an engine does is not takt's: it may crash, in a process that takt starts for it, but must not take the machine with it. */
const ENGINE = { heapMiB: 768, memoryKiB: 3072 * MIB, deadlineMs: 60_000 };

const SLOWEST = 5;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const [files, from] = [Number(values.files), Number(values.from)];

const child = (name, limits) => new WatchedChild(join(import.meta.dirname, 'prove-import', name), limits);
const say = (text) => values.json || process.stdout.write(`${text}\n`);

const report = { files, kinds: new Set(), accepted: 0, codes: {}, steps: {}, engineCrashes: [], failures: [], slowest: [], peakMiB: {} };
const countEnding = ({ step, ended, code }) => {
  report.steps[step] ??= { result: 0, error: 0, untyped: 0 };
  report.steps[step][ended] += 1;
  if (ended === 'error') report.codes[code] = (report.codes[code] ?? 0) + 1;
};

/** What a child said of a file; false where the file ended it. */
function take(number, answer, stage) {
  if (answer.died !== undefined) return false;
  report.kinds.add(answer.kind);
  report.slowest = [...report.slowest, { number, kind: answer.kind, stage, ms: Math.round(answer.ms) }]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST);
  for (const ending of answer.endings) {
    countEnding(ending);
    if (ending.ended === 'untyped') report.failures.push({ number, kind: answer.kind, stage, step: ending.step, detail: ending.detail });
  }
  return true;
}

const survivors = [];
let checked = 0;
const checks = child('check-child.mjs', CHECKS);
const engine = child('engine-child.mjs', ENGINE);
const kindOf = (number) => HOSTILE_KINDS[number % HOSTILE_KINDS.length];

async function checkAll() {
  for (let number = from; number < from + files; number += 1) {
    const answer = await checks.ask(number);
    if (!take(number, answer, 'checks'))
      report.failures.push({ number, kind: kindOf(number), stage: 'checks', step: 'all', detail: `${answer.died} ${answer.said}` });
    else if (answer.accepted) survivors.push(number);
    checked += 1;
    if (checked % 1000 === 0) say(`${String(checked)} of ${String(files)} files checked, ${String(survivors.length)} accepted`);
  }
}

/** Beside the checks: one core each. */
async function runAccepted(done) {
  for (let next = 0; ;) {
    const number = survivors[next];
    if (number === undefined) {
      if (done()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    next += 1;
    const answer = await engine.ask(number);
    if (take(number, answer, 'engine')) continue;
    // A crash of the engine's library is told as `EngineCrashed` by who started the process; a deadline or memory passed is not.
    const crash = { number, kind: kindOf(number), detail: `${answer.died} ${answer.said}` };
    if (/^SIG/.test(answer.died) && !/JavaScript heap/.test(answer.said)) report.engineCrashes.push(crash);
    else report.failures.push({ ...crash, stage: 'engine', step: 'all' });
  }
}

let through = false;
const since = performance.now();
try {
  await Promise.all([
    checkAll().finally(() => {
      through = true;
    }),
    runAccepted(() => through),
  ]);
} finally {
  checks.close();
  engine.close();
}
report.accepted = survivors.length;
report.peakMiB = { checks: Math.round(checks.peakKiB / MIB), engine: Math.round(engine.peakKiB / MIB) };
report.seconds = Math.round((performance.now() - since) / 1000);

const { steps, codes, failures, engineCrashes, peakMiB } = report;
say(
  `${String(files)} hostile files of ${String(report.kinds.size)} kinds in ${String(report.seconds)} s: ${String(report.accepted)} accepted by the import check`,
);
for (const [step, { result, error, untyped }] of Object.entries(steps))
  say(`  ${step}: ${String(result)} results, ${String(error)} typed errors, ${String(untyped)} others`);
say(
  `codes: ${Object.entries(codes)
    .sort((a, b) => b[1] - a[1])
    .map(([code, count]) => `${code} ${String(count)}`)
    .join(', ')}`,
);
say(
  `slowest: ${report.slowest.map(({ number, kind, stage, ms }) => `${String(ms)} ms (${String(number)}, ${kind}, ${stage})`).join('; ')}`,
);
say(
  `peak memory ${String(peakMiB.checks)} of ${String(CHECKS.memoryKiB / MIB)} MiB, with the engine ${String(peakMiB.engine)} of ${String(ENGINE.memoryKiB / MIB)} MiB; ${String(engineCrashes.length)} crashes of the engine`,
);
for (const { number, kind, stage, step, detail } of failures.slice(0, 50))
  say(`✗ file ${String(number)} (${kind}), ${stage}, ${step}: ${detail}`);
if (values.json) process.stdout.write(JSON.stringify({ ...report, kinds: report.kinds.size }));
process.exitCode = failures.length === 0 ? 0 : 1;

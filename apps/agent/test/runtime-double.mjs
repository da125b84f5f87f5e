#!/usr/bin/env node
// Keeps the promises of a line's control socket: idempotent activation, a record on disk, outcomes that stay. The check
// takes a time that a test chooses, and the library-default recipe does not pass it; it stays where the policy only reports.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const folder = join(argument('--data'), 'lines', argument('--line'));
const file = join(folder, 'record.json');
const checkMs = Number(process.env.TEST_CHECK_MS ?? '300');
mkdirSync(folder, { recursive: true });
let record = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { assignment: null, serving: null, candidate: null, outcomes: [], activations: 0 };
const save = () => {
  writeFileSync(`${file}.tmp`, JSON.stringify(record));
  renameSync(`${file}.tmp`, file);
};
const engine = (activation) =>
  activation && {
    deploymentId: activation.deploymentId,
    releaseName: activation.releaseName,
    plan: activation.plan,
    enginePid: process.pid,
  };
const time = { frames: 10, p50Ms: 1, p95Ms: 2, p99Ms: 3 };
let since = Date.now();

const phase = () => (Date.now() - since < checkMs / 3 ? 'warming' : Date.now() - since < (checkMs * 2) / 3 ? 'comparing' : 'solo');
const tick = () => {
  const { candidate } = record;
  if (candidate === null || Date.now() - since < checkMs) return;
  const bad = candidate.plan.recipe === 'int8-library-default';
  const reports = candidate.health.onPerformanceBreach === 'report';
  const back = bad && !reports;
  const health = {
    outcome: bad ? 'fail' : 'pass',
    previous: time,
    candidate: time,
    deliveredFps: 10,
    requiredFps: 1,
    errors: 0,
    framesDropped: 0,
    findings: [],
    durationMs: checkMs,
    rollbackMs: back ? 5 : null,
  };
  const outcome = {
    deploymentId: candidate.deploymentId,
    outcome: back ? 'rolled-back' : 'committed',
    reason: bad ? (reports ? 'BreachReported' : 'ServiceTimeP50') : null,
    message: bad ? 'slower' : 'kept',
    health,
    error: null,
    at: new Date().toISOString(),
  };
  record = { ...record, candidate: null, serving: back ? record.serving : candidate, outcomes: [...record.outcomes, outcome].slice(-20) };
  save();
};
setInterval(tick, 20);

const status = () => ({
  slotId: record.assignment?.slotId ?? null,
  line: record.assignment?.line ?? null,
  startedAt: new Date().toISOString(),
  serving: engine(record.serving),
  candidate: record.candidate && {
    deploymentId: record.candidate.deploymentId,
    phase: phase(),
    attempts: 1,
    framesDone: 1,
    framesWanted: 2,
  },
  outcomes: record.outcomes,
  metrics: {
    windowSeconds: 10,
    deliveredFps: 10,
    serviceTime: time,
    framesTaken: 10,
    framesDelivered: 10,
    framesDropped: 0,
    errors: 0,
    engineRestarts: 0,
  },
});

const socket = join(folder, 'control.sock');
rmSync(socket, { force: true });
createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const route = `${request.method} ${request.url}`;
    if (route === 'PUT /v1/line') record = { ...record, assignment: JSON.parse(text) };
    if (route === 'PUT /v1/activation') {
      const activation = JSON.parse(text);
      const known =
        record.candidate?.deploymentId === activation.deploymentId ||
        record.outcomes.some((outcome) => outcome.deploymentId === activation.deploymentId);
      if (!known) {
        record = { ...record, candidate: activation, activations: record.activations + 1 };
        since = Date.now();
      }
    }
    if (request.method !== 'GET') save();
    response.writeHead(request.method === 'GET' ? 200 : 202, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status()));
  });
}).listen(socket);
process.on('SIGTERM', () => process.exit(0));

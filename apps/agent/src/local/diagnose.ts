import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { freeBytes } from '@takt/artifact-store';
import type { AgentContext } from '../run/context.js';
import { CHECK_DISK } from '../state/state-condition.js';
import { readLocalView } from './local-view.js';
import type { CommandResult } from './output.js';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly action: string | null;
}

const LOW_DISK_MIB = 512;
const CONNECT_TIMEOUT_MS = 3_000;

/** `takt-agent diagnose`: each thing this node needs, whether it is there, and what to do where it is not. */
export async function diagnose(context: AgentContext): Promise<CommandResult> {
  const { config, folder } = context;
  const view = await readLocalView(context);
  const checks: Check[] = [];
  const add = (name: string, ok: boolean, detail: string, action: string): void => {
    checks.push({ name, ok, detail, action: ok ? null : action });
  };
  add('identity', view.identity !== undefined, view.identity?.nodeName ?? 'none', 'takt-agent join --server URL --token TOKEN --data DIR');
  for (const { file, kind, detail } of view.damage) {
    add(`file ${file}`, false, `${kind}: ${detail}`, `${CHECK_DISK}; the process that owns the file replaces it when it starts`);
  }
  if (view.damage.length === 0) add('files', true, 'every state file can be used', '');
  if (view.quarantined.length > 0) {
    add(
      'quarantine',
      false,
      `damaged files are kept in ${folder.root}: ${view.quarantined.join(', ')}`,
      `${CHECK_DISK}, then remove the files`,
    );
  }
  const freeMiB = Math.floor((await freeBytes(folder.root)) / 1_048_576);
  add('disk', freeMiB >= LOW_DISK_MIB, `${String(freeMiB)} MiB free for ${folder.root}`, 'free space on this file system');
  const worker = await access(config.workerPath).then(
    () => true,
    () => false,
  );
  add('worker', worker, config.workerPath, 'install takt-worker, or set TAKT_WORKER to its path');
  const addresses = view.identity === undefined ? [] : [view.identity.serverUrl, ...view.identity.natsUrls];
  for (const address of addresses) {
    const problem = await reach(address);
    add(
      `reach ${address}`,
      problem === undefined,
      problem ?? 'answers',
      'check network, firewall and name resolution; lines go on without it',
    );
  }
  add(
    'desired state',
    view.desired !== undefined,
    view.desired === undefined ? 'none yet' : `generation ${String(view.desired.generation)}`,
    'it arrives with the first connection',
  );
  add(
    'reports',
    view.pendingReports < 1000,
    `${String(view.pendingReports)} wait for confirmation`,
    'check that the control plane and its database run',
  );
  for (const { slug, status, error } of view.lines) {
    add(`line ${slug}`, status !== undefined, error?.message ?? 'its runtime answers', error?.action ?? '');
  }
  return {
    ok: checks.every(({ ok }) => ok),
    data: { checks },
    text: checks.map(
      ({ name, ok, detail, action }) => `${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}${action === null ? '' : `\n     → ${action}`}`,
    ),
  };
}

/** Undefined where a TCP connection opens; otherwise why not. */
function reach(address: string): Promise<string | undefined> {
  const url = new URL(address.includes('://') ? address : `nats://${address}`);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : url.protocol === 'http:' ? 80 : 4222) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: CONNECT_TIMEOUT_MS });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => {
      end(undefined);
    });
    socket.once('timeout', () => {
      end('no answer');
    });
    socket.once('error', (error) => {
      end(error.message);
    });
  });
}

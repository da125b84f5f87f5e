import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, connect as connectSocket } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DurableFs } from '@takt/kernel';
import type { Trust } from '../src/index.js';
import { createTrust, renderServerConfig } from '../src/index.js';

/** Files in a map: trust needs no more of a DurableFs, and its crash safety is tested with the adapter. */
export const memoryFs = (): DurableFs & { readonly files: Map<string, string> } => {
  const files = new Map<string, string>();
  return {
    files,
    read: (path) => Promise.resolve(files.has(path) ? new TextEncoder().encode(files.get(path)) : undefined),
    write: (path, content) => {
      files.set(path, typeof content === 'string' ? content : new TextDecoder().decode(content));
      return Promise.resolve();
    },
    remove: (path) => {
      files.delete(path);
      return Promise.resolve();
    },
    publish: () => Promise.reject(new Error('not used')),
    list: () => Promise.resolve([...files.keys()].sort()),
  };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** A real nats-server in operator mode on a free port with its own folder. */
export class TestNats {
  readonly #dir: string;
  readonly port: number;
  readonly fs: DurableFs & { readonly files: Map<string, string> };
  readonly trust: Trust;
  #process: ChildProcess | undefined;

  private constructor(dir: string, port: number, fs: DurableFs & { readonly files: Map<string, string> }, trust: Trust) {
    this.#dir = dir;
    this.port = port;
    this.fs = fs;
    this.trust = trust;
  }

  static async create(maxFileStore?: number): Promise<TestNats> {
    const dir = await mkdtemp(join(tmpdir(), 'takt-nats-'));
    const port = await freePort();
    const fs = memoryFs();
    const trust = await createTrust(fs, '/trust');
    const nats = new TestNats(dir, port, fs, trust);
    await writeFile(
      join(dir, 'nats.conf'),
      renderServerConfig(trust, {
        host: '127.0.0.1',
        port,
        storeDir: join(dir, 'store'),
        resolverDir: join(dir, 'accounts'),
        ...(maxFileStore === undefined ? {} : { maxFileStore }),
      }),
    );
    await nats.start();
    return nats;
  }

  get servers(): readonly string[] {
    return [`nats://127.0.0.1:${String(this.port)}`];
  }

  async start(): Promise<void> {
    const child = spawn('nats-server', ['-c', join(this.#dir, 'nats.conf'), '-l', join(this.#dir, 'log')], { stdio: 'ignore' });
    this.#process = child;
    // Ends the server when this test process is gone, even by SIGKILL: the pipe closes then.
    const watcher = spawn('/bin/sh', ['-c', 'read _; kill -9 "$0"', String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    watcher.unref();
    (watcher.stdin as unknown as Socket).unref();
    child.once('exit', () => watcher.kill('SIGKILL'));
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`nats-server ended: ${await readFile(join(this.#dir, 'log'), 'utf8')}`);
      if (await this.#accepts()) return;
      await sleep(25);
    }
    throw new Error('nats-server did not start');
  }

  #accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connectSocket(this.port, '127.0.0.1');
      socket.once('data', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
  }

  /** SIGSTOP and SIGCONT: the sockets stay open and nobody answers. */
  freeze(frozen: boolean): void {
    this.#process?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Messages of a stream as they are on disk now; the function puts them back. Both while the server is down. */
  async keepMessages(stream: string): Promise<() => Promise<void>> {
    const store = join(this.#dir, 'store');
    const folder = (await readdir(store, { recursive: true })).find((path) => path.endsWith(join('streams', stream, 'msgs')));
    if (folder === undefined) throw new Error(`${stream} has no messages on disk`);
    const kept = join(this.#dir, `${stream}-msgs`);
    await cp(join(store, folder), kept, { recursive: true });
    return async () => {
      await rm(join(store, folder), { recursive: true });
      await rename(kept, join(store, folder));
    };
  }

  async wipeStore(): Promise<void> {
    await rm(join(this.#dir, 'store'), { recursive: true, force: true });
  }

  async destroy(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** Waits for a condition that something else brings about. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> => {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
};

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TaktError } from '@takt/kernel';
import { execa } from 'execa';
import type { NatsServerBinary } from './find-nats.js';
import { MINIMUM_NATS_VERSION, findNatsServer } from './find-nats.js';
import { RELEASE_VERSION, StepFailed, downloadRelease } from './release.js';

export interface InstallNatsOptions {
  /** Folder of this checkout for tools, e.g. `.takt/bin`; made when needed. */
  readonly toolDir: string;
  /** PATH to search. */
  readonly path: string;
  /** Environment of package managers and of Go (proxies, HOME); PATH is taken from `path`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (message: string) => void;
}

/** Release that `go install` builds; Go checks it against its checksum database. */
const GO_VERSION = 'v2.12.15';
const STEP_TIMEOUT_MS = 300_000;

type Step = { readonly name: string; readonly run: () => Promise<void> };

/**
 * Finds nats-server or brings one: the system's package manager when root, `go install`, the official release. Each way
 * that fails says why, and the error lists them all.
 *
 * @throws TaktError `NatsServerMissing`
 */
export const installNatsServer = async (options: InstallNatsOptions): Promise<NatsServerBinary> => {
  const { toolDir, path } = options;
  const present = await findNatsServer(toolDir, path);
  if (present !== undefined) return present;
  await mkdir(toolDir, { recursive: true });
  const env = { ...options.env, PATH: path };
  const call = async (command: string, args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<void> => {
    const result = await execa(command, args, {
      env: { ...env, ...extra },
      extendEnv: false,
      reject: false,
      timeout: STEP_TIMEOUT_MS,
      all: true,
    });
    if (!result.failed) return;
    const missing = result.code === 'ENOENT' ? `${command} is not there` : undefined;
    const lastLine = (result.all ?? '').trim().split('\n').at(-1);
    throw new StepFailed(missing ?? (lastLine === undefined || lastLine === '' ? (result.shortMessage ?? `${command} failed`) : lastLine));
  };
  const requireRoot = (): void => {
    if (process.getuid?.() !== 0) throw new StepFailed('needs root');
  };
  const steps: readonly Step[] = [
    {
      name: 'apt-get install nats-server',
      run: async () => {
        requireRoot();
        await call('apt-get', ['install', '-y', '--no-install-recommends', 'nats-server'], { DEBIAN_FRONTEND: 'noninteractive' }).catch(
          async (thrown: unknown) => {
            if (thrown instanceof StepFailed && thrown.message.endsWith('is not there')) throw thrown;
            await call('apt-get', ['update']);
            await call('apt-get', ['install', '-y', '--no-install-recommends', 'nats-server'], { DEBIAN_FRONTEND: 'noninteractive' });
          },
        );
      },
    },
    {
      name: 'dnf install nats-server',
      run: async () => {
        requireRoot();
        await call('dnf', ['install', '-y', 'nats-server']);
      },
    },
    {
      name: `go install nats-server ${GO_VERSION}`,
      run: () => call('go', ['install', `github.com/nats-io/nats-server/v2@${GO_VERSION}`], { GOBIN: toolDir }),
    },
    {
      name: `release ${RELEASE_VERSION} from github.com`,
      run: async () => void (await downloadRelease(toolDir, process.platform, process.arch)),
    },
  ];
  const failures: string[] = [];
  for (const step of steps) {
    options.onProgress?.(`nats-server: trying ${step.name}`);
    try {
      await step.run();
      const found = await findNatsServer(toolDir, path);
      if (found !== undefined) return found;
      failures.push(`${step.name}: gave no nats-server of at least ${MINIMUM_NATS_VERSION}`);
    } catch (thrown) {
      failures.push(`${step.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  throw new TaktError({
    code: 'NatsServerMissing',
    message: `no nats-server was found and none could be installed (${failures.join('; ')})`,
    action: `install nats-server ${MINIMUM_NATS_VERSION} or newer, on PATH or as ${join(toolDir, 'nats-server')}, and start again`,
    component: 'local-stack',
    element: 'nats-server',
  });
};

import { join } from 'node:path';
import { execa } from 'execa';
import type { Output } from './output.js';
import type { Services } from './services.js';
import { readToken } from './state.js';
import type { StoryEnd } from './story.js';

/** Runs the real CLI against the running control plane and prints what it says, as a user would see it. */
export async function printCli(services: Services, { rolledBack, reverted }: StoryEnd, output: Output): Promise<void> {
  const commands = [
    ['status', '--json'],
    ['explain', 'deployment', rolledBack.id, '--json'],
    ['explain', 'rollout', reverted.name, '--json'],
  ];
  for (const args of commands) {
    output.heading(`npx takt ${args.join(' ')}`);
    const { stdout } = await execa(services.node, [join(services.root, 'apps', 'cli', 'bin', 'takt.mjs'), ...args], {
      env: { TAKT_SERVER: services.serverUrl, TAKT_TOKEN: (await readToken(services.fs, services.dataDir)) ?? '' },
    });
    output.line(stdout);
  }
}

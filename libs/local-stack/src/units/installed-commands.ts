import { join } from 'node:path';

/** The commands that the unit files name, as this checkout has them. */
export function installedCommands(root: string, node: string, natsServer?: string): Record<string, string[]> {
  const bin = (app: string, name: string): string[] => [node, join(root, 'apps', app, 'bin', `${name}.mjs`)];
  return {
    ...(natsServer === undefined ? {} : { '/usr/bin/nats-server': [natsServer] }),
    '/usr/bin/takt-agent': bin('agent', 'takt-agent'),
    '/usr/bin/takt-runtime': bin('runtime', 'takt-runtime'),
    '/usr/bin/takt-activate': bin('runtime', 'takt-activate'),
    '/usr/bin/takt-control-plane': bin('control-plane', 'takt-control-plane'),
  };
}

import { join } from 'node:path';
import type { ApiClient } from '@takt/api-client';
import type { NodeView } from '@takt/contracts';
import type { DurableFs } from '@takt/kernel';
import { installedCommands } from '@takt/local-stack';
import type { Services } from './services.js';
import { MODEL } from './topology.js';
import type { DemoNode } from './topology.js';
import { until } from './watch.js';

/** Frames per second before the box was measured. */
const FIRST_RATE = 10;
/** Figures more often than by default, for gates that need some of them in a few seconds. */
const HEARTBEAT_MS = 1_000;
/** Frames per candidate of a build: fewer than by default, as every box of the demo measures on the same two cores. */
const BUILD_FRAMES = 40;

export interface StartedNode extends DemoNode {
  readonly node: NodeView;
}

const nodeData = (services: Services, node: DemoNode): string => join(services.dataDir, node.folder);

/** The node's own id, read from the identity that its agent made when it joined; undefined where there is none that can be read. */
async function joinedId(fs: DurableFs, dataDir: string): Promise<string | undefined> {
  const content = await fs.read(join(dataDir, 'identity', 'identity.json'));
  if (content === undefined) return undefined;
  try {
    return (JSON.parse(new TextDecoder().decode(content)) as { nodeId: string }).nodeId;
  } catch {
    // The agent sets it aside when it starts.
    return undefined;
  }
}

/**
 * Starts agent and runtime of one node from the unit files. They get the server's address, their own data folder and, the
 * first time, a join token: nothing else.
 */
async function startNode(services: Services, demoNode: DemoNode): Promise<void> {
  const dataDir = nodeData(services, demoNode);
  const environment: Record<string, string> = {
    TAKT_SERVER: services.serverUrl,
    TAKT_NODE_NAME: demoNode.folder,
    TAKT_HEARTBEAT_MS: String(HEARTBEAT_MS),
    TAKT_BUILD_FRAMES: String(BUILD_FRAMES),
  };
  if ((await joinedId(services.fs, dataDir)) === undefined) {
    const token = await services.api.call('createJoinToken', { body: { site: demoNode.site, uses: 1, expiresInMinutes: 10 } });
    environment['TAKT_JOIN_TOKEN'] = token.token;
  }
  const place = {
    paths: { '/var/lib/takt': dataDir, '/etc/takt': join(dataDir, 'etc') },
    commands: installedCommands(services.root, services.node),
  };
  const units = join(services.root, 'deploy', 'node');
  await services.supervisor.start(join(units, 'takt-runtime@.service'), {
    ...place,
    instance: demoNode.line,
    as: `${demoNode.folder}-runtime`,
  });
  await services.supervisor.start(join(units, 'takt-agent.service'), { ...place, env: environment, as: `${demoNode.folder}-agent` });
}

/** Makes sites and lines where they are missing. */
export async function ensureTopology(api: ApiClient, nodes: readonly DemoNode[]): Promise<void> {
  const sites = new Set((await api.call('listSites')).items.map((site) => site.name));
  for (const name of new Set(nodes.map((node) => node.site))) {
    if (!sites.has(name)) await api.call('createSite', { body: { name } });
  }
  const lines = new Set((await api.call('listLines')).items.map((line) => line.slug));
  for (const { site, line } of nodes) {
    if (lines.has(line)) continue;
    await api.call('createLine', {
      body: { site, slug: line, requiredFps: 0, source: { kind: 'image-directory', dataset: 'steel-frames', fps: FIRST_RATE } },
    });
  }
}

/** Starts every node, waits until each has reported its hardware, and gives each its slot. */
export async function startFleet(
  services: Services,
  nodes: readonly DemoNode[],
  progress: (note: string) => void,
  signal: AbortSignal,
): Promise<StartedNode[]> {
  for (const demoNode of nodes) await startNode(services, demoNode);
  const started: StartedNode[] = [];
  for (const demoNode of nodes) {
    progress(`waiting for ${demoNode.folder}`);
    const node = await until(
      `${demoNode.folder} joining`,
      60_000,
      async () => {
        const id = await joinedId(services.fs, nodeData(services, demoNode));
        if (id === undefined) return undefined;
        const view = await services.api.call('getNode', { params: { ref: id } });
        return view.online && view.facts !== null ? view : undefined;
      },
      signal,
    );
    started.push({ ...demoNode, node });
  }
  const slots = (await services.api.call('listSlots')).items;
  for (const { node, line } of started) {
    if (slots.some((slot) => slot.node.id === node.id)) continue;
    await services.api.call('createSlot', { body: { node: node.id, line, model: MODEL } });
  }
  return started;
}

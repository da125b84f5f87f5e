import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostStack, eventually, root } from './fleet/host-stack.js';
import type { HostNode } from './fleet/host-stack.js';
import { descendantsOf, openFilesOf, tcpPeersOf, unixSocketsOf } from './fleet/processes.js';
import { deployBaseline, prepareContent } from './kill/scenarios.js';

/** Files that any program of this machine may hold and that carry nothing from one node to another. */
const NEUTRAL =
  /^(\/dev\/(null|urandom|random|shm\/.*)|\/proc\/.*|\/sys\/.*|anon_inode:.*|pipe:.*|socket:.*|\/usr\/.*|\/lib.*|\/etc\/.*|\/memfd:.*)/;

describe('two nodes of one machine share nothing but the server', () => {
  let stack: HostStack;
  const nodes: HostNode[] = [];

  beforeAll(async () => {
    stack = await HostStack.start();
    const { site, model } = await prepareContent(stack.api);
    await stack.api.call('createLine', {
      body: { site, slug: 'strip-two', requiredFps: 5, source: { kind: 'image-directory', dataset: 'frames-8', fps: 10 } },
    });
    for (const [name, line] of [
      ['first', 'strip'],
      ['second', 'strip-two'],
    ] as const) {
      const node = await stack.addNode(name, site, line);
      await stack.api.call('createSlot', { body: { node: node.id, line, model } });
      nodes.push(node);
    }
    const first = await deployBaseline(stack.api);
    const { items } = await stack.api.call('createDeployments', { body: { release: 'baseline', line: 'strip-two' } });
    for (const { id } of [first, ...items]) {
      await eventually(
        'both lines being served',
        async () => ((await stack.api.call('getDeployment', { params: { id } })).state === 'committed' ? true : undefined),
        120_000,
      );
    }
  }, 240_000);

  afterAll(() => stack.stop());

  const processesOfNode = (node: HostNode): { pid: number; command: string }[] =>
    [node.agentUnit, node.runtimeUnit].flatMap((unit) => {
      const pid = stack.supervisor.pid(unit);
      return pid === undefined ? [] : [{ pid, command: unit }, ...descendantsOf(pid)];
    });

  it('each agent and runtime has a process tree of its own, the runtime with one engine-host', () => {
    for (const node of nodes) {
      expect(stack.supervisor.pid(node.agentUnit)).toBeDefined();
      const runtime = stack.supervisor.pid(node.runtimeUnit) ?? 0;
      expect(descendantsOf(runtime)).toHaveLength(1);
    }
  });

  it('opens no file outside its own data folder, its own log and the program itself', () => {
    for (const node of nodes) {
      for (const process of processesOfNode(node)) {
        const foreign = openFilesOf(process.pid).filter(
          (path) =>
            !NEUTRAL.test(path) &&
            !path.startsWith(`${node.dataDir}/`) &&
            !path.startsWith(`${root}/`) &&
            path !== `${stack.dir}/logs/${node.agentUnit}.log` &&
            path !== `${stack.dir}/logs/${node.runtimeUnit}.log`,
        );
        expect(foreign, process.command).toEqual([]);
      }
    }
  });

  it('talks to the server and NATS alone; a runtime talks to nobody over the network', () => {
    const allowed = [stack.serverUrl, stack.natsUrl].map((url) => new URL(url).host);
    for (const node of nodes) {
      const agent = stack.supervisor.pid(node.agentUnit) ?? 0;
      const peers = tcpPeersOf(agent);
      expect(peers.length).toBeGreaterThan(0);
      for (const peer of peers) expect(allowed).toContain(peer);
      for (const process of processesOfNode(node).filter((candidate) => candidate.pid !== agent)) {
        expect(tcpPeersOf(process.pid), process.command).toEqual([]);
      }
    }
  });

  it('listens on no socket but those in its own folder', () => {
    for (const node of nodes) {
      for (const process of processesOfNode(node)) {
        for (const path of unixSocketsOf(process.pid)) {
          expect(path, process.command).toMatch(/\/(agent\/agent|lines\/[a-z-]+\/control)\.sock$/);
          expect(path.startsWith(`${node.dataDir}/`), `${process.command}: ${path}`).toBe(true);
        }
      }
    }
  });
});

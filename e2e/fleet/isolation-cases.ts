import { expect, it } from 'vitest';
import { descendantsOf, openFilesOf, tcpPeersOf, unixSocketsOf } from './processes.js';
import { root } from './host-stack.js';
import type { HostNode } from './host-stack.js';
import type { TwoNodeFleet } from '../rollout/two-node-fleet.js';

/** Files that any program of this machine may hold and that carry nothing from one node to another. */
const NEUTRAL =
  /^(\/dev\/(null|urandom|random|shm\/.*)|\/proc\/.*|\/sys\/.*|anon_inode:.*|pipe:.*|socket:.*|\/usr\/.*|\/lib.*|\/etc\/.*|\/memfd:.*)/;

/** Cases that show that two nodes of one machine share nothing but the server. */
export function isolationCases(fleet: () => TwoNodeFleet): void {
  const processesOfNode = (node: HostNode): { pid: number; command: string }[] =>
    [node.agentUnit, node.runtimeUnit].flatMap((unit) => {
      const pid = fleet().stack.supervisor.pid(unit);
      return pid === undefined ? [] : [{ pid, command: unit }, ...descendantsOf(pid)];
    });

  it('each agent and runtime has a process tree of its own, the runtime with one engine-host', () => {
    for (const node of fleet().nodes) {
      expect(fleet().stack.supervisor.pid(node.agentUnit)).toBeDefined();
      const runtime = fleet().stack.supervisor.pid(node.runtimeUnit) ?? 0;
      expect(descendantsOf(runtime)).toHaveLength(1);
    }
  });

  it('opens no file outside its own data folder, its own log and the program itself', () => {
    for (const node of fleet().nodes) {
      for (const process of processesOfNode(node)) {
        const foreign = openFilesOf(process.pid).filter(
          (path) =>
            !NEUTRAL.test(path) &&
            !path.startsWith(`${node.dataDir}/`) &&
            !path.startsWith(`${root}/`) &&
            path !== `${fleet().stack.dir}/logs/${node.agentUnit}.log` &&
            path !== `${fleet().stack.dir}/logs/${node.runtimeUnit}.log`,
        );
        expect(foreign, process.command).toEqual([]);
      }
    }
  });

  it('talks to the server and NATS alone; a runtime talks to no one over the network', () => {
    const allowed = [fleet().stack.serverUrl, fleet().stack.natsUrl].map((url) => new URL(url).host);
    for (const node of fleet().nodes) {
      const agent = fleet().stack.supervisor.pid(node.agentUnit) ?? 0;
      const peers = tcpPeersOf(agent);
      expect(peers.length).toBeGreaterThan(0);
      for (const peer of peers) expect(allowed).toContain(peer);
      for (const process of processesOfNode(node).filter((candidate) => candidate.pid !== agent)) {
        expect(tcpPeersOf(process.pid), process.command).toEqual([]);
      }
    }
  });

  it('listens on no socket but those in its own folder', () => {
    for (const node of fleet().nodes) {
      for (const process of processesOfNode(node)) {
        for (const path of unixSocketsOf(process.pid)) {
          expect(path, process.command).toMatch(/\/(agent\/agent|lines\/[a-z-]+\/control)\.sock$/);
          expect(path.startsWith(`${node.dataDir}/`), `${process.command}: ${path}`).toBe(true);
        }
      }
    }
  });
}

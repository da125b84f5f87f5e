import type { NodeId } from '@takt/kernel';
import { silentLogger } from '@takt/kernel';
import type { ControlConnection, NodeConnection } from '../src/index.js';
import { connectControl, connectNode, createNodeKey, issueNodeUser, issueServiceUser } from '../src/index.js';
import type { TestNats } from './nats.js';

/** As the node, with a new key and a JWT for an hour. */
export const connectAs = async (nats: TestNats, nodeId: NodeId): Promise<NodeConnection> => {
  const key = createNodeKey();
  const { jwt } = await issueNodeUser(nats.trust, nodeId, key.publicKey, 3600);
  return connectNode({ servers: nats.servers, nodeId, jwt: () => jwt, seed: key.seed, logger: silentLogger });
};

/** As the control plane. */
export const connectService = async (nats: TestNats): Promise<ControlConnection> =>
  connectControl({ servers: nats.servers, credentials: await issueServiceUser(nats.trust, 'control'), logger: silentLogger });

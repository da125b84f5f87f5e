import { silentLogger } from '@takt/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionNotification, ControlConnection } from '../src/index.js';
import {
  connectControl,
  connectNode,
  createNodeKey,
  issueNodeUser,
  issueServiceUser,
  jwtExpiryMs,
  publicKeyOfSeed,
  signNonce,
  verifyNonce,
} from '../src/index.js';
import { createTrust, loadTrust } from '../src/index.js';
import { desired, newNodeId } from './builders.js';
import { TestNats, memoryFs, until } from './nats.js';

describe('renewing an identity', () => {
  let nats: TestNats;
  let control: ControlConnection;
  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectControl({
      servers: nats.servers,
      credentials: await issueServiceUser(nats.trust, 'control'),
      logger: silentLogger,
    });
    await control.provisionStreams();
  });
  afterAll(async () => {
    await control.close();
    await nats.destroy();
  });

  it('a node whose JWT ran out keeps asking, and is let in with the renewed one', async () => {
    const nodeId = newNodeId();
    await control.ensureDesired(desired(nodeId, 1));
    const key = createNodeKey();
    let jwt = (await issueNodeUser(nats.trust, nodeId, key.publicKey, 2)).jwt;
    /** Attempts of a connection that replaced one which was silent for too long, as on a busy machine: it has no notifications yet. */
    const refused: string[] = [];
    const node = await connectNode({
      servers: nats.servers,
      nodeId,
      jwt: () => jwt,
      seed: key.seed,
      logger: silentLogger,
      liveness: { everyMs: 500, answerWithinMs: 1000, silentMs: 5000 },
      onRefused: (reason) => refused.push(reason),
    });
    const seen: ConnectionNotification[] = [];
    const follow = async (): Promise<void> => {
      for await (const notification of node.notifications()) seen.push(notification);
    };
    const followed = follow();
    const attempts = (): number => seen.filter((notification) => notification.type === 'reconnecting').length + refused.length;
    // Two refusals in a row would end a connection with the library's defaults. Within the second in which the JWT ends the server
    // still lets it in, only to end the connection at once.
    await until(
      'it was refused several times',
      () => attempts() >= 4 && !node.isConnected() && Date.now() > (jwtExpiryMs(jwt) ?? 0) + 1000,
    );
    await expect(node.getDesired()).rejects.toMatchObject({ code: 'NotConnected', retryable: true });
    jwt = (await issueNodeUser(nats.trust, nodeId, key.publicKey, 3600)).jwt;
    await until('it is connected again', () => node.isConnected());
    expect((await node.getDesired())?.generation).toBe(1);
    await node.close();
    await followed;
    expect(seen.some((notification) => notification.type === 'refused' && notification.reason === 'expired')).toBe(true);
    expect(seen.at(-1)).toEqual({ type: 'closed' });
  });

  it('a node that starts with a JWT that ran out is told of the refusal, and is let in with a fresh one', async () => {
    const nodeId = newNodeId();
    const key = createNodeKey();
    let jwt = (await issueNodeUser(nats.trust, nodeId, key.publicKey, 60, Date.now() - 3_600_000)).jwt;
    const refusals: string[] = [];
    const connecting = connectNode({
      servers: nats.servers,
      nodeId,
      jwt: () => jwt,
      seed: key.seed,
      logger: silentLogger,
      onRefused: (reason) => refusals.push(reason),
    });
    await until('it was refused twice', () => refusals.length >= 2);
    jwt = (await issueNodeUser(nats.trust, nodeId, key.publicKey, 3600)).jwt;
    const node = await connecting;
    expect(node.isConnected()).toBe(true);
    expect(refusals.filter((reason) => reason === 'permission')).toEqual([]);
    await node.close();
  });

  it('takes a renewed JWT at once when told to', async () => {
    const nodeId = newNodeId();
    const key = createNodeKey();
    let asked = 0;
    const { jwt } = await issueNodeUser(nats.trust, nodeId, key.publicKey, 3600);
    const node = await connectNode({
      servers: nats.servers,
      nodeId,
      jwt: () => {
        asked += 1;
        return jwt;
      },
      seed: key.seed,
      logger: silentLogger,
    });
    const before = asked;
    await node.reconnect();
    await until('it connected again', () => asked > before && node.isConnected());
    expect(await node.getDesired()).toBeUndefined();
    await node.close();
  });

  it('replaces a connection that gives no sign of life, subscription included', async () => {
    const nodeId = newNodeId();
    const key = createNodeKey();
    const { jwt } = await issueNodeUser(nats.trust, nodeId, key.publicKey, 3600);
    const liveness = { everyMs: 200, answerWithinMs: 1000 };
    const node = await connectNode({ servers: nats.servers, nodeId, jwt: () => jwt, seed: key.seed, logger: silentLogger, liveness });
    const pushed: number[] = [];
    node.subscribeDesired((state) => pushed.push(state.generation));
    const seen: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const notification of node.notifications()) seen.push(notification.type);
    };
    void follow();
    const first = node.nats;
    nats.freeze(true);
    await until('the silence was noticed', () => !node.isConnected());
    nats.freeze(false);
    await until('it is connected again', () => node.isConnected());
    expect(node.nats).not.toBe(first);
    await node.nats.flush();
    await control.ensureDesired(desired(nodeId, 1));
    await until('the push arrived', () => pushed.length > 0);
    expect(pushed).toEqual([1]);
    expect(seen).toEqual(['connected', 'disconnected', 'connected']);
    await node.close();
  });

  it('stops trying to connect when told to', async () => {
    const stopped = new AbortController();
    const key = createNodeKey();
    const pending = connectNode({
      servers: ['nats://127.0.0.1:1'],
      nodeId: newNodeId(),
      jwt: () => '',
      seed: key.seed,
      logger: silentLogger,
      signal: stopped.signal,
    });
    stopped.abort(new Error('shutting down'));
    await expect(pending).rejects.toThrow();
  });
});

describe('trust', () => {
  it('is made once, completed after a crash, and never replaced', async () => {
    const whole = memoryFs();
    const first = await createTrust(whole, '/t');
    expect(whole.files.size).toBe(8);
    const again = await loadTrust(whole, '/t');
    expect([again.operatorJwt, again.systemAccountJwt, again.accountJwt, again.nodesAccountJwt]).toEqual([
      first.operatorJwt,
      first.systemAccountJwt,
      first.accountJwt,
      first.nodesAccountJwt,
    ]);
    // Whatever single file a crash left out is made again, and the keys that are there stay.
    for (const missing of whole.files.keys()) {
      const partial = memoryFs();
      for (const [path, content] of whole.files) if (path !== missing) partial.files.set(path, content);
      await expect(loadTrust(partial, '/t')).rejects.toMatchObject({ code: 'TrustMissing' });
      await createTrust(partial, '/t');
      expect(partial.files.size).toBe(8);
      for (const [path, content] of whole.files) if (path !== missing) expect(partial.files.get(path)).toBe(content);
    }
  });

  it('names a damaged key and keeps it', async () => {
    const fs = memoryFs();
    await createTrust(fs, '/t');
    fs.files.set('/t/account.nk', 'rubbish');
    await expect(createTrust(fs, '/t')).rejects.toMatchObject({ code: 'TrustKeyDamaged', element: 'account.nk' });
    expect(fs.files.get('/t/account.nk')).toBe('rubbish');
  });

  it('refuses a public key that is none, and says when a JWT ends', async () => {
    const trust = await createTrust(memoryFs(), '/t');
    await expect(issueNodeUser(trust, newNodeId(), 'UNOTAKEY', 60)).rejects.toMatchObject({ code: 'NodeKeyInvalid' });
    const { jwt, expiresAt } = await issueNodeUser(trust, newNodeId(), createNodeKey().publicKey, 60, Date.parse('2026-01-01T00:00:00Z'));
    expect(expiresAt).toBe('2026-01-01T00:01:00.000Z');
    expect(jwtExpiryMs(jwt)).toBe(Date.parse(expiresAt));
  });

  it('proves a key by a signed nonce', () => {
    const key = createNodeKey();
    expect(publicKeyOfSeed(key.seed)).toBe(key.publicKey);
    const signature = signNonce(key.seed, 'nonce');
    expect(verifyNonce(key.publicKey, 'nonce', signature)).toBe(true);
    expect(verifyNonce(key.publicKey, 'other', signature)).toBe(false);
    expect(verifyNonce(createNodeKey().publicKey, 'nonce', signature)).toBe(false);
    expect(verifyNonce('rubbish', 'nonce', signature)).toBe(false);
    expect(verifyNonce(key.publicKey, 'nonce', 'rubbish')).toBe(false);
  });
});

import type { Trust } from './trust.js';

export interface ServerConfigOptions {
  readonly host: string;
  readonly port: number;
  /** JetStream's files. */
  readonly storeDir: string;
  /** Account JWTs as the server knows them (full resolver). */
  readonly resolverDir: string;
  readonly serverName?: string;
  /** Monitoring port on `host`; none unless given. */
  readonly httpPort?: number;
  /** Bytes JetStream may use on disk. Default 1 GiB. */
  readonly maxFileStore?: number;
  /** Bytes JetStream may use in memory. Default 64 MiB. */
  readonly maxMemoryStore?: number;
  /** Needed off loopback: PEM files of the server. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile?: string };
}

const MIB = 1024 * 1024;
const quote = (value: string): string => JSON.stringify(value);

/**
 * Configuration of nats-server in operator mode, in the feature set of 2.9.10: only users whose JWT one of takt's accounts
 * signed get in, and account JWTs (with their revocations) live in a full resolver that can be updated while it runs.
 */
export const renderServerConfig = (trust: Trust, options: ServerConfigOptions): string => {
  const { host, port, tls } = options;
  const lines = [
    `server_name: ${quote(options.serverName ?? 'takt')}`,
    `host: ${quote(host)}`,
    `port: ${String(port)}`,
    ...(options.httpPort === undefined ? [] : [`http: ${quote(`${host}:${String(options.httpPort)}`)}`]),
    'max_payload: 1048576',
    'ping_interval: "20s"',
    'ping_max: 2',
    'write_deadline: "10s"',
    ...(tls === undefined
      ? []
      : [
          'tls {',
          `  cert_file: ${quote(tls.certFile)}`,
          `  key_file: ${quote(tls.keyFile)}`,
          ...(tls.caFile === undefined ? [] : [`  ca_file: ${quote(tls.caFile)}`]),
          '}',
        ]),
    'jetstream {',
    `  store_dir: ${quote(options.storeDir)}`,
    `  max_memory_store: ${String(options.maxMemoryStore ?? 64 * MIB)}`,
    `  max_file_store: ${String(options.maxFileStore ?? 1024 * MIB)}`,
    '}',
    `operator: ${trust.operatorJwt}`,
    `system_account: ${trust.systemAccount.getPublicKey()}`,
    'resolver {',
    '  type: full',
    `  dir: ${quote(options.resolverDir)}`,
    '  allow_delete: false',
    '  interval: "2m"',
    '}',
    'resolver_preload {',
    `  ${trust.systemAccount.getPublicKey()}: ${trust.systemAccountJwt}`,
    `  ${trust.account.getPublicKey()}: ${trust.accountJwt}`,
    `  ${trust.nodesAccount.getPublicKey()}: ${trust.nodesAccountJwt}`,
    '}',
  ];
  return `${lines.join('\n')}\n`;
};

/** SHA-256 as a port, because domain libraries may not import `node:crypto`. Returns 64 lower-case hex digits. */
export type Sha256 = (content: Uint8Array | string) => string;

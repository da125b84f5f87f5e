/** One output of a network: row-major values and the shape. */
export interface NetworkOutput {
  readonly data: Float32Array | Uint8Array;
  readonly dims: readonly number[];
}

/** What a network gave: the decoded output alone, or the outputs of a head's scales in the order of the description. */
export type NetworkOutputs = readonly NetworkOutput[];

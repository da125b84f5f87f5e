/** An input or output of a model. An open dimension is its name, or −1 where it has none. */
export interface ValueSpec {
  readonly name: string;
  /** `float32`, `uint8`, … or `other`. */
  readonly type: string;
  readonly dims: readonly (number | string)[];
}

/** Type and shape in words, e.g. `float32 1×3×?×?`. */
export const describeSpec = ({ type, dims }: ValueSpec): string =>
  `${type} ${dims.map((dim) => (dim === -1 ? '?' : String(dim))).join('×')}`;

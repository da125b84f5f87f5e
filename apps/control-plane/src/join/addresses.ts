/** How nodes reach this installation, and how long their identities live. */
export interface Addresses {
  readonly natsUrls: readonly string[];
  readonly nodeJwtSeconds: number;
  /** Known once the server listens, where no public URL is configured. */
  publicUrl(): string;
}

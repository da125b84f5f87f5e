/** Blocks of text with an empty line between them; empty blocks fall out. */
export const joinSections = (...sections: readonly (string | undefined)[]): string =>
  sections.filter((section): section is string => section !== undefined && section !== '').join('\n\n');

/** A heading above its block; nothing where the block is empty. */
export const section = (heading: string, block: string): string => (block === '' ? '' : `${heading}\n${block}`);

import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { digestSchema } from '@takt/contracts';
import type { Digest, DurableFs } from '@takt/kernel';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { readDocument } from '../state/json-document.js';

const engineSchema = z.object({ artifactPath: z.string(), plan: z.object({ artifact: digestSchema }) });
/** What a prune must know of a runtime's record; the runtime owns the rest. */
const recordSchema = z.object({
  committed: engineSchema.nullable(),
  previous: engineSchema.nullable(),
  candidate: z.object({ activation: engineSchema }).nullable(),
});

export interface NamedEngines {
  readonly artifacts: ReadonlySet<Digest>;
  readonly buildKeys: ReadonlySet<string>;
}

/**
 * Engines that the record of any line on disk names, wanted or not: what it serves, tries, and would go back to.
 *
 * @throws TaktError `DocumentInvalid`: then nothing may be removed, because what it names is not known
 */
export async function enginesInUse(fs: DurableFs, folder: DataFolder): Promise<NamedEngines> {
  const artifacts = new Set<Digest>();
  const buildKeys = new Set<string>();
  for (const slug of await readdir(folder.lines).catch((): string[] => [])) {
    const record = await readDocument(fs, join(folder.lines, slug, 'activation.json'), recordSchema);
    for (const engine of [record?.committed, record?.previous, record?.candidate?.activation]) {
      if (engine === undefined || engine === null) continue;
      artifacts.add(engine.plan.artifact);
      const [key] = relative(folder.builds, engine.artifactPath).split(sep);
      if (key !== undefined) buildKeys.add(key);
    }
  }
  return { artifacts, buildKeys };
}

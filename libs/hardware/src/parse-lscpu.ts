import { commonFlags } from './isa.js';
import { decimal, squeeze, whole, words } from './text.js';

export interface LscpuFacts {
  readonly architecture: string | null;
  readonly logicalCores: number | null;
  readonly physicalCores: number | null;
  readonly sockets: number | null;
  readonly numaNodes: number | null;
  readonly vendor: string | null;
  /** Distinct model names in the order printed: two on a big.LITTLE chip, none on old kernels. */
  readonly models: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly maxMhz: number | null;
}

type Entry = readonly [key: string, value: string];

/**
 * Reads `lscpu` and `lscpu -J` in the layouts of util-linux 2.2x–2.4x: flat or indented, one block of keys per kind of
 * core, lists that a terminal broke mid-word, parsable tables after the text. Never throws; what is missing is null or empty.
 */
export function parseLscpu(text: string): LscpuFacts {
  const entries = text.trimStart().startsWith('{') ? jsonEntries(text) : textEntries(text);
  const blocks = coreBlocks(entries);
  const first = (key: string): string | undefined => entries.find(([name]) => name === key)?.[1];
  const logicalCores = whole(first('CPU(s)'));
  const speeds = blocks.map((block) => decimal(block.get('CPU max MHz'))).filter((value): value is number => value !== null && value > 0);
  const models = blocks.map((block) => squeeze(block.get('Model name') ?? '')).filter((name) => name !== '' && name !== '-');
  return {
    architecture: first('Architecture') ?? null,
    logicalCores,
    physicalCores: physicalCoresOf(blocks, logicalCores),
    sockets: sum(blocks.map((block) => whole(block.get('Socket(s)')))),
    numaNodes: whole(first('NUMA node(s)')),
    vendor: first('Vendor ID') ?? null,
    models: [...new Set(models)],
    flags: commonFlags(blocks.map((block) => new Set(words(block.get('Flags'))))),
    maxMhz: speeds.length > 0 ? Math.max(...speeds) : null,
  };
}

const KEY_LINE = /^\s*([A-Z][A-Za-z0-9 _()./-]{0,60}):(?:\s(.*)|)$/;

function textEntries(text: string): Entry[] {
  const entries: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    // What follows is the parsable table of `lscpu -p`.
    if (line.startsWith('#')) break;
    const match = KEY_LINE.exec(line);
    const last = entries.at(-1);
    if (match?.[1] !== undefined) entries.push([match[1].trim(), (match[2] ?? '').trimStart()]);
    // A list broken by a narrow terminal goes on mid-word, so nothing is put between the parts.
    else if (last !== undefined && line !== '') last[1] += line;
  }
  return entries.map(([key, value]) => [key, value.trim()]);
}

interface JsonNode {
  readonly field?: unknown;
  readonly data?: unknown;
  readonly children?: unknown;
}

function jsonEntries(text: string): Entry[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const entries: Entry[] = [];
  const walk = (nodes: unknown): void => {
    if (!Array.isArray(nodes)) return;
    for (const node of nodes as readonly (JsonNode | null)[]) {
      if (typeof node?.field === 'string')
        entries.push([node.field.replace(/:\s*$/, '').trim(), typeof node.data === 'string' ? node.data.trim() : '']);
      walk(node?.children);
    }
  };
  walk((document as { readonly lscpu?: unknown } | null)?.lscpu);
  return entries;
}

const BLOCK_KEYS = new Set([
  ...['Model name', 'Thread(s) per core', 'Core(s) per socket', 'Core(s) per cluster', 'Socket(s)', 'Cluster(s)'],
  ...['CPU max MHz', 'Flags'],
]);

/** A key that comes again starts the next kind of core. */
function coreBlocks(entries: readonly Entry[]): ReadonlyMap<string, string>[] {
  const blocks: Map<string, string>[] = [new Map()];
  for (const [key, value] of entries) {
    if (!BLOCK_KEYS.has(key)) continue;
    if (blocks.at(-1)?.has(key) === true) blocks.push(new Map());
    blocks.at(-1)?.set(key, value);
  }
  return blocks;
}

function physicalCoresOf(blocks: readonly ReadonlyMap<string, string>[], logicalCores: number | null): number | null {
  const total = sum(
    blocks.map((block) => {
      const perSocket = whole(block.get('Core(s) per socket'));
      if (perSocket !== null) return perSocket * (whole(block.get('Socket(s)')) ?? 1);
      const perCluster = whole(block.get('Core(s) per cluster'));
      return perCluster === null ? null : perCluster * (whole(block.get('Cluster(s)')) ?? 1);
    }),
  );
  // Offline cores and odd firmware can make the product exceed what is there.
  return total === null || total < 1 || (logicalCores !== null && total > logicalCores) ? null : total;
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

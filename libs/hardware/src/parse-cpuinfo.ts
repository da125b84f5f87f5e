import { armCoreName } from './arm-cores.js';
import { commonFlags } from './isa.js';
import { squeeze, words } from './text.js';

export interface CpuinfoFacts {
  readonly logicalCores: number;
  /** Null where the text has no core ids (Arm, some virtual machines). */
  readonly physicalCores: number | null;
  readonly sockets: number | null;
  readonly vendor: string | null;
  /** Distinct core names in the order they appear; two on a big.LITTLE chip, none where the text says nothing. */
  readonly models: readonly string[];
  /** Flags that all cores share. */
  readonly flags: ReadonlySet<string>;
}

/** Reads /proc/cpuinfo of x86 and Arm kernels. Never throws; what is missing is null or empty. */
export function parseCpuinfo(text: string): CpuinfoFacts {
  const processors = blocksOf(text).filter((block) => block.has('processor'));
  const cores = new Set<string>();
  const sockets = new Set<string>();
  for (const block of processors) {
    const socket = block.get('physical id');
    const core = block.get('core id');
    if (socket !== undefined) sockets.add(socket);
    if (core !== undefined) cores.add(`${socket ?? '0'}/${core}`);
  }
  const models = processors.map(modelOf).filter((model): model is string => model !== null);
  return {
    logicalCores: processors.length,
    physicalCores: cores.size > 0 ? cores.size : null,
    sockets: sockets.size > 0 ? sockets.size : null,
    vendor: vendorOf(processors[0]),
    models: [...new Set(models)],
    flags: commonFlags(processors.map((block) => new Set(words(block.get('flags') ?? block.get('Features'))))),
  };
}

type Block = ReadonlyMap<string, string>;

/** One block per `processor` line. Board trailers (`Hardware`, `Serial`, `Model`) start no processor. */
function blocksOf(text: string): Block[] {
  const blocks: Map<string, string>[] = [];
  let open: Map<string, string> | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      open = undefined;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const key = line.slice(0, colon).trim();
    if (open === undefined || key === 'processor') {
      open = new Map();
      blocks.push(open);
    }
    if (!open.has(key)) open.set(key, line.slice(colon + 1).trim());
  }
  return blocks;
}

function modelOf(block: Block): string | null {
  const implementer = Number(block.get('CPU implementer'));
  const part = Number(block.get('CPU part'));
  if (Number.isInteger(implementer) && Number.isInteger(part)) return armCoreName(implementer, part);
  const name = block.get('model name');
  return name === undefined || name === '' ? null : squeeze(name);
}

function vendorOf(block: Block | undefined): string | null {
  const vendor = block?.get('vendor_id');
  if (vendor !== undefined) return vendor;
  const implementer = Number(block?.get('CPU implementer'));
  if (!Number.isInteger(implementer)) return null;
  return implementer === 0x41 ? 'ARM' : implementer === 0x4e ? 'NVIDIA' : `0x${implementer.toString(16)}`;
}

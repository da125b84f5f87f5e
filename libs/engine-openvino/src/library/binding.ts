import { readFile } from 'node:fs/promises';
import { parseElementTypes } from './element-types.js';
import type { ElementTypes } from './element-types.js';
import { findOpenVino } from './find-library.js';
import type { OpenVinoFiles } from './find-library.js';
import { declareFunctions, openVinoTypes } from './functions.js';
import type { Handle, Koffi, NativeDimension, OpenVinoFunctions } from './functions.js';

/** What OpenVINO answered instead of doing what it was asked. */
export class OpenVinoRefusal extends Error {}

/** A loaded OpenVINO: its functions, and what it takes to read the memory that they hand out. */
export interface OpenVinoBinding {
  readonly version: string;
  readonly functions: OpenVinoFunctions;
  readonly elementTypes: ElementTypes;
  /** The library's own state, one a process: plugins, threads, caches. It lives as long as the process. */
  readonly core: Handle;
  /** @throws OpenVinoRefusal with the library's own words where `status` is not success */
  check(status: number): void;
  /** Calls `call` with a place for its result and gives what it put there. */
  take<T>(call: (out: [T | null]) => number): T;
  /** Text that the library made for the caller, who has to free it. */
  takeText(call: (out: [Handle | null]) => number): string;
  /** `bytes` of the library's memory, without a copy; only valid while the library keeps that memory. */
  view(address: Handle, bytes: number): Uint8Array<ArrayBuffer>;
  readDimensions(address: Handle, count: number): readonly NativeDimension[];
  readIntegers(address: Handle, count: number): readonly number[];
}

export type BindingResult = { readonly ok: true; readonly binding: OpenVinoBinding } | { readonly ok: false; readonly reason: string };

/** Compiling a model recurses through its graph; koffi's own 2 MiB are for small calls. */
const CALL_STACK_BYTES = 16 * 1024 * 1024;

let koffiOnce: Promise<Koffi> | undefined;

/** koffi takes its settings before the first library of the process only. */
async function loadKoffi(): Promise<Koffi> {
  const koffi = await import('koffi');
  koffi.config({ ...koffi.config(), sync_stack_size: CALL_STACK_BYTES });
  return koffi;
}

/** The binding to koffi and to the library is loaded on first use, so that a process without them still starts and can say so. */
export async function loadBinding(folders: readonly string[]): Promise<BindingResult> {
  const files = await findOpenVino(folders);
  if (files === undefined) {
    return { ok: false, reason: `there is no OpenVINO below ${folders.join(' or ')}; fetch it with: npm run engine:openvino` };
  }
  try {
    const elementTypes = parseElementTypes(await readFile(files.header, 'utf8'));
    if (elementTypes === undefined)
      return { ok: false, reason: `${files.header} does not say how this OpenVINO numbers its element types` };
    return { ok: true, binding: bind(await (koffiOnce ??= loadKoffi()), files, elementTypes) };
  } catch (thrown) {
    return { ok: false, reason: describe(files, thrown) };
  }
}

function bind(koffi: Koffi, files: OpenVinoFiles, elementTypes: ElementTypes): OpenVinoBinding {
  const types = openVinoTypes(koffi);
  const functions = declareFunctions(koffi, types, files.library);

  const check = (status: number): void => {
    if (status === 0) return;
    const text = functions.lastError();
    if (text === null) throw new OpenVinoRefusal(`status ${String(status)}`);
    const message = plainMessage(koffi.decode.string(text));
    functions.freeText(text);
    throw new OpenVinoRefusal(message === '' ? `status ${String(status)}` : message);
  };
  const take = <T>(call: (out: [T | null]) => number): T => {
    const out: [T | null] = [null];
    check(call(out));
    return out[0] as T;
  };
  const version: { buildNumber?: Handle; description?: Handle } = {};
  check(functions.version(version));
  const build = koffi.decode.string(version.buildNumber);
  functions.freeVersion(version);
  return {
    version: /^\d+\.\d+\.\d+/.exec(build)?.[0] ?? build,
    functions,
    elementTypes,
    core: take((out) => functions.createCore(out)),
    check,
    take,
    takeText: (call) => {
      const address = take(call);
      const text = koffi.decode.string(address);
      functions.freeText(address);
      return text;
    },
    view: (address, bytes) => new Uint8Array(koffi.view(address, bytes)),
    readDimensions: (address, count) => koffi.decode(address, types.dimension, count) as NativeDimension[],
    readIntegers: (address, count) => Array.from(koffi.decode(address, 'int64_t', count) as ArrayLike<number | bigint>, Number),
  };
}

/** The library's message without the places in its sources that it passed. */
export const plainMessage = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^Exception from \S+:\d+:\s*/, '').trim())
    .filter((line) => line !== '')
    .join(' ');

function describe({ library }: OpenVinoFiles, thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const libc = /version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found/.exec(text);
  if (libc)
    return `OpenVINO needs ${String(libc[1])}, which this system's C library does not have; update the system or use another engine`;
  if (/Cannot find (?:module|package)|native Koffi module/.test(text))
    return `koffi has no binary for this platform here; reinstall takt's packages for it (${text})`;
  return `${library} does not load: ${text}`;
}

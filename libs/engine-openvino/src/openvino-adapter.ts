import { basename } from 'node:path';
import { EngineName } from '@takt/engines';
import type { EngineAdapter, EngineSession, ThreadPolicy } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { compileProperties } from './compile-properties.js';
import { loadBinding } from './library/binding.js';
import type { BindingResult, OpenVinoBinding } from './library/binding.js';
import type { Handle } from './library/functions.js';
import { wrapCompiled } from './openvino-session.js';
import { readPortNames, readPorts } from './read-ports.js';
import type { PortNames } from './read-ports.js';

export interface OpenVinoOptions {
  /** Folders to search for OpenVINO, see {@link openVinoFolders}. */
  readonly folders: readonly string[];
}

/** OpenVINO on the CPU behind the engine port, through its C interface. Loads ONNX files and OpenVINO's own `.xml`. */
export function createOpenVinoAdapter({ folders }: OpenVinoOptions): EngineAdapter {
  let loading: Promise<BindingResult> | undefined;
  const binding = (): Promise<BindingResult> => (loading ??= loadBinding(folders));

  return {
    name: EngineName.openvino,
    async availability() {
      const loaded = await binding();
      return loaded.ok ? { available: true, version: loaded.binding.version } : { available: false, reason: loaded.reason };
    },
    async load(path, threads) {
      const element = basename(path);
      const loaded = await binding();
      if (!loaded.ok) {
        throw new TaktError({
          code: 'EngineUnavailable',
          message: loaded.reason,
          action: 'fetch OpenVINO with `npm run engine:openvino`, or name the folder of an installed one in TAKT_OPENVINO_DIR',
          component: 'engine-openvino',
        });
      }
      try {
        // Where takt cannot read the file, the library says what it is, or gives names of its own.
        const names = await readPortNames(path).catch(() => undefined);
        return loadModel(loaded.binding, path, names, threads);
      } catch (thrown) {
        throw new TaktError({
          code: 'EngineLoadFailed',
          message: `openvino does not load ${element}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
          action: 'check the model file, or export it again',
          component: 'engine-openvino',
          element,
          cause: thrown,
        });
      }
    },
  };
}

/** Reads and compiles on the calling thread: koffi calls functions with open argument lists on no other. */
function loadModel(binding: OpenVinoBinding, path: string, names: PortNames | undefined, threads: ThreadPolicy): EngineSession {
  const { functions, core } = binding;
  const model = binding.take<Handle>((out) => functions.readModel(core, path, null, out));
  const properties = compileProperties(threads).flat();
  let compiled: Handle;
  try {
    compiled = binding.take<Handle>((out) =>
      functions.compileModel(core, model, 'CPU', properties.length, out, ...properties.flatMap((text) => ['str', text])),
    );
  } finally {
    functions.freeModel(model);
  }
  try {
    return wrapCompiled(binding, compiled, readPorts(binding, compiled, names), basename(path));
  } catch (thrown) {
    functions.freeCompiledModel(compiled);
    throw thrown;
  }
}

import { createOpenVinoAdapter, openVinoFolders } from '@takt/engine-openvino';
import { createOrtAdapter } from '@takt/engine-ort';
import { EngineName } from '@takt/engines';
import type { EngineAdapter } from '@takt/engines';

/** The adapter of an engine; its library is loaded when it is first asked for something. */
export function createEngine(name: EngineName, openVinoDir: string | undefined): EngineAdapter {
  switch (name) {
    case EngineName.onnxruntime:
      return createOrtAdapter();
    case EngineName.openvino:
      return createOpenVinoAdapter({ folders: openVinoFolders(openVinoDir) });
  }
}

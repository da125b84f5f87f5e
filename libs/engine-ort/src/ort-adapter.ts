import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { EngineName } from '@takt/engines';
import type { EngineAdapter, EngineSession, ThreadPolicy } from '@takt/engines';
import { TaktError, legible } from '@takt/kernel';
import type { InferenceSession } from 'onnxruntime-node';
import { loadBinding } from './ort-binding.js';
import type { BindingResult, OrtBinding } from './ort-binding.js';
import { wrapSession } from './ort-session.js';
import { sessionOptions } from './session-options.js';
import type { OptimizationLevel, SessionSettings } from './session-options.js';

/** ONNX Runtime behind the engine port, with what calibration and the fusion audit need on top. */
export interface OrtAdapter extends EngineAdapter {
  /** Like `load`, from memory; `element` names the model in errors. */
  loadBytes(model: Uint8Array, threads: ThreadPolicy, element: string): Promise<EngineSession>;
  /**
   * The graph that ONNX Runtime makes of a model at `level`, as ONNX bytes. `basic` folds constants and batch
   * normalisation and stays portable; `all` shows what really runs on this CPU, for audits only.
   */
  optimize(model: Uint8Array, level: OptimizationLevel, element: string): Promise<Uint8Array>;
}

const ONE_THREAD: ThreadPolicy = { intraOp: 1, spin: false };

export function createOrtAdapter(): OrtAdapter {
  let loading: Promise<BindingResult> | undefined;
  const binding = (): Promise<BindingResult> => (loading ??= loadBinding());

  const create = async (
    model: string | Uint8Array,
    settings: SessionSettings,
    element: string,
  ): Promise<{ binding: OrtBinding; native: InferenceSession }> => {
    const loaded = await binding();
    if (!loaded.ok) {
      throw new TaktError({
        code: 'EngineUnavailable',
        message: loaded.reason,
        action: 'see `takt hardware` for the engines of this machine',
        component: 'engine-ort',
      });
    }
    const options = sessionOptions(settings);
    try {
      const native = await (typeof model === 'string'
        ? loaded.binding.InferenceSession.create(model, options)
        : loaded.binding.InferenceSession.create(model, options));
      return { binding: loaded.binding, native };
    } catch (thrown) {
      throw new TaktError({
        code: 'EngineLoadFailed',
        message: legible(`onnxruntime does not load ${element}: ${thrown instanceof Error ? thrown.message : String(thrown)}`),
        action: 'check the model file, or export it again',
        component: 'engine-ort',
        element,
        cause: thrown,
      });
    }
  };

  return {
    name: EngineName.onnxruntime,
    async availability() {
      const loaded = await binding();
      return loaded.ok ? { available: true, version: loaded.version } : { available: false, reason: loaded.reason };
    },
    async load(path, threads) {
      const element = basename(path);
      const session = await create(path, { threads, level: 'all' }, element);
      return wrapSession(session.binding, session.native, element);
    },
    async loadBytes(model, threads, element) {
      const session = await create(model, { threads, level: 'all' }, element);
      return wrapSession(session.binding, session.native, element);
    },
    async optimize(model, level, element) {
      const folder = await mkdtemp(join(tmpdir(), 'takt-ort-'));
      try {
        const path = join(folder, 'optimized.onnx');
        const { native } = await create(model, { threads: ONE_THREAD, level, optimizedModelPath: path }, element);
        await native.release();
        return await readFile(path);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

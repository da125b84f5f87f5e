import './disable-telemetry.js';
import type * as ort from 'onnxruntime-node';

/** The parts of `onnxruntime-node` that takt uses. */
export type OrtBinding = Pick<typeof ort, 'InferenceSession' | 'Tensor' | 'env'>;

export type BindingResult =
  { readonly ok: true; readonly binding: OrtBinding; readonly version: string } | { readonly ok: false; readonly reason: string };

/**
 * Loads the native binding on first use rather than at import, so that a process on a machine where it cannot load
 * (an old glibc, a missing file) still starts and can say so.
 */
export async function loadBinding(): Promise<BindingResult> {
  try {
    const module = (await import('onnxruntime-node')) as typeof ort & { readonly default?: typeof ort };
    const binding = module.default ?? module;
    const versions: { readonly node?: string; readonly common: string } = binding.env.versions;
    return { ok: true, binding, version: versions.node ?? versions.common };
  } catch (thrown) {
    return { ok: false, reason: describe(thrown) };
  }
}

function describe(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const libc = /version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found/.exec(text);
  if (libc)
    return `onnxruntime needs ${String(libc[1])}, which this system's C library does not have; update the system or use another engine`;
  if (/Cannot find (?:module|package)/.test(text))
    return `onnxruntime-node has no binary for this platform here; reinstall takt's packages for it (${text})`;
  return `onnxruntime-node does not load: ${text}`;
}

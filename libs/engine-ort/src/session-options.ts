import type { ThreadPolicy } from '@takt/engines';
import type { InferenceSession } from 'onnxruntime-node';

/** How far ONNX Runtime may rewrite a graph. `basic` keeps to standard operators, so that the result is still
 * portable; `extended` to what ONNX Runtime runs on any CPU. */
export type OptimizationLevel = 'disabled' | 'basic' | 'extended' | 'all';

export interface SessionSettings {
  readonly threads: ThreadPolicy;
  readonly level: OptimizationLevel;
  /** Where ONNX Runtime writes the graph it really runs; not written when absent. */
  readonly optimizedModelPath?: string;
}

/** Errors and worse; ONNX Runtime's warnings name internals that nobody can act on. */
const LOG_ERRORS = 3;

/**
 * The one place where takt's settings become ONNX Runtime's. Config entries under `extra` must be strings.
 * `session.x64quantprecision` and `session.qdqisint8allowed` are never set: they slow x86 down by 2× and more.
 */
export function sessionOptions({ threads, level, optimizedModelPath }: SessionSettings): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    interOpNumThreads: 1,
    graphOptimizationLevel: level,
    logSeverityLevel: LOG_ERRORS,
    extra: { session: { intra_op: { allow_spinning: threads.spin ? '1' : '0' } } },
    ...(threads.intraOp > 0 ? { intraOpNumThreads: threads.intraOp } : {}),
    ...(optimizedModelPath === undefined ? {} : { optimizedModelFilePath: optimizedModelPath }),
  };
}

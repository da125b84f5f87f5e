import type { EnginePlan } from '@takt/engines';
import type { Box } from '@takt/evaluation';
import type { TaktErrorData } from '@takt/kernel';

/** Messages between the runtime and an engine-host, over the child's IPC channel (structured clone, in order). */
export type ToHost =
  | { readonly type: 'load'; readonly artifactPath: string; readonly plan: EnginePlan }
  | { readonly type: 'frame'; readonly id: number; readonly bytes: Uint8Array }
  /** End once the messages before it are done. */
  | { readonly type: 'end' };

export type FromHost =
  | { readonly type: 'ready' }
  /** The artifact cannot be served; the host ends. */
  | { readonly type: 'refused'; readonly error: TaktErrorData }
  | { readonly type: 'result'; readonly id: number; readonly boxes: readonly Box[]; readonly inferenceMs: number }
  | { readonly type: 'frame-failed'; readonly id: number; readonly error: TaktErrorData };

/** Reported for a picture that cannot be decoded: the frame's fault, not the engine's. */
export const UNREADABLE_FRAME = 'ImageUnreadable';

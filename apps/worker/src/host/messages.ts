import type { EngineName, ThreadPolicy } from '@takt/engines';
import type { Box } from '@takt/evaluation';
import type { TaktErrorData } from '@takt/kernel';

/** One image of a data set as it was detected. */
export interface DetectedImage {
  readonly boxes: readonly Box[];
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** What a measuring host is asked; one request at a time. */
export type HostRequest =
  | { readonly kind: 'load'; readonly model: string; readonly engine: EngineName; readonly threads: ThreadPolicy }
  | { readonly kind: 'detect'; readonly images: readonly string[] }
  | {
      readonly kind: 'pipeline';
      readonly images: readonly string[];
      readonly first: number;
      readonly warm: number;
      readonly frames: number;
    }
  | { readonly kind: 'infer'; readonly warm: number; readonly iterations: number };

export interface HostAnswers {
  load: { readonly engine: string; readonly engineVersion: string };
  detect: { readonly images: readonly DetectedImage[] };
  /** Milliseconds of each frame, and of all of them with everything in between. */
  pipeline: { readonly serviceMs: readonly number[]; readonly inferenceMs: readonly number[]; readonly elapsedMs: number };
  infer: { readonly inferenceMs: readonly number[] };
}

export type HostMessage =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'answer'; readonly answer: HostAnswers[keyof HostAnswers] }
  | { readonly type: 'error'; readonly error: TaktErrorData };

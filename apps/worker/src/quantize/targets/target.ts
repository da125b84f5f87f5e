import type { Precision } from '@takt/engines';
import type { FitTrail } from '../../build/fit-budget.js';
import type { EmitParts } from '../../emit/emit-parts.js';
import type { OpenVinoMeter } from '../../benchmark/openvino-meter.js';
import type { Quality } from '../../quality/quality.js';
import type { VariantParts } from '../make-variants.js';

/** What is given for one engine besides this machine's ONNX Runtime. */
export interface MadeTarget extends FitTrail {
  /** Path where the file will be. */
  readonly file: string;
  readonly precision: Precision;
  readonly map50: number | null;
  readonly map50_95: number | null;
  /** Against FP32, in the unit of the gate. */
  readonly lost: number;
  /** Null where the engine was not run. */
  readonly latencyMs: number | null;
  readonly reason: string;
}

/** Content by file name, written when everything is made. */
export type TargetFiles = Map<string, Uint8Array | string>;

export const FILES = {
  openvino: 'openvino.onnx',
  fp16: 'fp16.onnx',
  fp32: 'fp32.onnx',
  tensorrt: { explicit: 'tensorrt.onnx', fp32: 'tensorrt.fp32.onnx', calibration: 'tensorrt.calib', flags: 'tensorrt.flags.json' },
} as const;

/** What the files of all targets are made with. */
export interface TargetParts {
  readonly emit: EmitParts;
  readonly fit: VariantParts;
  readonly fp32: { readonly path: string; readonly quality: Quality };
  /** Times the file for OpenVINO beside FP32 where this machine has that engine. */
  readonly timeOnOpenVino: OpenVinoMeter;
  readonly outDir: string;
  readonly files: TargetFiles;
}

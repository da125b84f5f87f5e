/** Arguments of trtexec 8.5 for the two ways to INT8; whoever builds adds where the engine goes and the timing options. */
export interface TensorrtFlags {
  readonly version: 1;
  /** The Q/DQ model: its scales are in the graph. */
  readonly explicit: readonly string[];
  /** The FP32 model with the calibration cache. */
  readonly calibrated: readonly string[];
  /** The FP32 model in half precision. */
  readonly fp16: readonly string[];
}

export interface TensorrtFiles {
  readonly explicit: string;
  readonly fp32: string;
  readonly calibration: string;
}

/**
 * @param headLayers names of the convolutions that stay in FP16: the detect convolutions, whose logits need the resolution.
 *   `--precisionConstraints=obey` makes TensorRT keep to it instead of taking it for a hint.
 */
export function tensorrtFlags(files: TensorrtFiles, headLayers: readonly string[]): TensorrtFlags {
  const head =
    headLayers.length === 0
      ? []
      : ['--precisionConstraints=obey', `--layerPrecisions=${headLayers.map((name) => `${name}:fp16`).join(',')}`];
  return {
    version: 1,
    explicit: [`--onnx=${files.explicit}`, '--int8', '--fp16', ...head],
    calibrated: [`--onnx=${files.fp32}`, '--int8', '--fp16', `--calib=${files.calibration}`, ...head],
    fp16: [`--onnx=${files.fp32}`, '--fp16'],
  };
}

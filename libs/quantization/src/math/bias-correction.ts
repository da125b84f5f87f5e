import type { QuantizedWeights } from './weights.js';

/** Shape of a convolution's weights, in ONNX's order [outputs, inputs / groups, kernel…]. */
export interface ConvShape {
  readonly outputs: number;
  readonly inputsPerGroup: number;
  readonly kernel: number;
  readonly groups: number;
}

/**
 * Mean shift of each output channel caused by rounding the weights: Σ (w − ŵ)·E[x]. Added to the bias it makes the
 * quantized layer's mean output the float layer's (Nagel et al. 2019, "Data-free quantization", section 4.2), up to the
 * padding at the border.
 *
 * @param inputMeans mean of each input channel over the calibration set.
 */
export function weightRoundingShift(
  weights: Float32Array,
  quantized: QuantizedWeights,
  shape: ConvShape,
  inputMeans: readonly number[],
): Float32Array {
  const { outputs, inputsPerGroup, kernel, groups } = shape;
  const outputsPerGroup = outputs / groups;
  const shift = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const scale = quantized.scales[quantized.scales.length === 1 ? 0 : output] ?? 0;
    const firstInput = Math.floor(output / outputsPerGroup) * inputsPerGroup;
    let sum = 0;
    for (let input = 0; input < inputsPerGroup; input++) {
      const start = (output * inputsPerGroup + input) * kernel;
      let rounding = 0;
      for (let at = start; at < start + kernel; at++) rounding += (weights[at] ?? 0) - scale * (quantized.values[at] ?? 0);
      sum += rounding * (inputMeans[firstInput + input] ?? 0);
    }
    shift[output] = sum;
  }
  return shift;
}

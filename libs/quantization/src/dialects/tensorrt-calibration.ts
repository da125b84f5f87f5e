import type { Model } from '@takt/onnx';
import { findRegion, siluOf } from '../graph/region.js';
import type { Statistics } from '../statistics/statistics.js';
import { symmetricScale } from './symmetric.js';

/** TensorRT 8.5.1 as its cache header spells it: major, minor, two digits of the patch. */
export const TENSORRT_VERSION = 8501;

/**
 * A calibration cache for trtexec's `--calib`, from our ranges instead of its own calibration: a line for each activation with the
 * big-endian hex of its float32 scale (TensorRT samples/common and NVIDIA cuDLA-samples write the same form). The header must
 * be that of the TensorRT that reads it, else the cache is ignored without a word.
 *
 * The output of a convolution and of its sigmoid get the scale of the SiLU they make: TensorRT quantizes each of the three, and
 * with a wider scale on the first the product keeps few of its levels.
 *
 * @param model the FP32 model that goes with the cache; names of its values are the keys.
 * @param version `8501` for 8.5.1.
 */
export function tensorrtCalibration(model: Model, statistics: Statistics, version: number = TENSORRT_VERSION): string {
  const region = findRegion(model, { floatDetectConvs: false });
  const scales = new Map<string, number>();
  for (const value of region.values) {
    const known = statistics.values[value];
    if (known !== undefined) scales.set(value, symmetricScale(known));
  }
  for (const value of region.values) {
    const silu = siluOf(value, region.index);
    const product = silu && scales.get(silu.product.output[0] ?? '');
    if (silu === undefined || product === undefined) continue;
    scales.set(value, product);
    scales.set(silu.sigmoid.output[0] ?? '', product);
  }
  const lines = [...scales].map(([value, scale]) => `${value}: ${floatHex(scale)}`);
  return `TRT-${String(version)}-EntropyCalibration2\n${lines.join('\n')}\n`;
}

/** `0.0078721` → `3c00f9f4` */
export function floatHex(value: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0).toString(16).padStart(8, '0');
}

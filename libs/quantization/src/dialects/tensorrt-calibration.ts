import type { Model } from '@takt/onnx';
import { convName } from '../graph/emit-int8.js';
import { toPortableModel } from '../graph/portable-model.js';
import { absorbsInto, findRegion, siluOf } from '../graph/region.js';
import type { RegionOptions } from '../graph/region.js';
import type { Statistics } from '../statistics/statistics.js';
import { TENSORRT_OPSET } from './emit-tensorrt.js';
import { nameLayers } from './layer-names.js';
import { lowerOpset } from './lower-opset.js';
import { symmetricScales } from './symmetric.js';

/** TensorRT 8.5.1 as its cache header spells it: major, minor, two digits of the patch. */
export const TENSORRT_VERSION = 8501;

/** The FP32 model that a calibration cache goes with. */
export interface CalibratedModel {
  readonly model: Model;
  /** Text of the cache, see {@link tensorrtCalibration}. */
  readonly calibration: string;
  /** Names of the convolutions that stay in half precision, for {@link tensorrtFlags}: those of the network’s ends that do not go in integers. */
  readonly headLayers: readonly string[];
}

/** What stays in half precision, and which TensorRT reads the cache. */
export interface CalibratedOptions extends RegionOptions {
  /** {@link TENSORRT_VERSION} where not given. */
  readonly version?: number;
}

/**
 * TensorRT's other way to INT8: the model in FP32, the ranges beside it. TensorRT places the integers itself, often faster than where
 * Q/DQ pairs tell it to.
 *
 * @param folded the model after ONNX Runtime's basic optimization, which the statistics' names refer to.
 * @throws TaktError `StatisticsDoNotFit`, `QuantizationOpsetUnsupported`, and what `findRegion` throws.
 */
export function emitTensorrtCalibrated(folded: Model, statistics: Statistics, options: CalibratedOptions = {}): CalibratedModel {
  const { version = TENSORRT_VERSION, ...regionOptions } = options;
  const model = lowerOpset(nameLayers(toPortableModel(folded)), TENSORRT_OPSET, 'TensorRT 8.5');
  const integers = new Set(findRegion(model, regionOptions).nodes);
  return {
    model,
    calibration: tensorrtCalibration(model, statistics, version),
    headLayers: model.graph.node.filter((node) => node.opType === 'Conv' && !integers.has(node)).map(convName),
  };
}

/**
 * A calibration cache for trtexec's `--calib`, from our ranges instead of its own calibration: a line for each activation with the
 * big-endian hex of its float32 scale (TensorRT samples/common and NVIDIA cuDLA-samples write the same form). The header must
 * be that of the TensorRT that reads it, else the cache is ignored without a word.
 *
 * The output of a convolution and of its sigmoid get the scale of the SiLU they make: TensorRT quantizes each of the three, and
 * with a wider scale on the first the product keeps few of its levels. What a ReLU clips gets the scale of the ReLU.
 *
 * @param model the FP32 model that goes with the cache; names of its values are the keys.
 * @param version `8501` for 8.5.1.
 * @throws TaktError `StatisticsDoNotFit`, and what `findRegion` throws.
 */
export function tensorrtCalibration(model: Model, statistics: Statistics, version: number = TENSORRT_VERSION): string {
  const region = findRegion(model);
  const scales = new Map(symmetricScales(region, statistics));
  for (const value of region.values) {
    const silu = siluOf(value, region.index);
    const product = silu && scales.get(silu.product.output[0] ?? '');
    if (silu === undefined || product === undefined) continue;
    scales.set(value, product);
    scales.set(silu.sigmoid.output[0] ?? '', product);
  }
  for (const node of region.nodes) {
    const clipped = absorbsInto(node, region.index) && scales.get(node.output[0] ?? '');
    if (clipped !== undefined) scales.set(node.input[0] ?? '', clipped);
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

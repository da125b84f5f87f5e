import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';

export const STATISTICS_FORMAT = 'takt.statistics';
export const STATISTICS_VERSION = 1;

/** What calibration found out about one value of the (folded) model. */
export interface ValueStatistics {
  /** Exact extremes over all calibration images. */
  readonly min: number;
  readonly max: number;
  /** Range with the smallest expected error in uint8; values of one tie group have the same. */
  readonly low: number;
  readonly high: number;
  /** Mean of each channel, for inputs of convolutions. */
  readonly channelMeans?: readonly number[];
  /** Extremes of each channel, for outputs of the last convolutions. */
  readonly channelRanges?: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Largest magnitude that symmetric int8 covers with the smallest expected error; one for all values of a symmetric tie group. */
  readonly amax?: number;
}

/**
 * The statistics file: one per model and calibration set, independent of hardware. Equal inputs give equal bytes.
 * Values are keyed by their name in the model after ONNX Runtime's basic folding.
 */
export interface Statistics {
  readonly format: typeof STATISTICS_FORMAT;
  readonly version: typeof STATISTICS_VERSION;
  /** Digest of the model file that was calibrated. */
  readonly model: string;
  readonly calibration: {
    /** Digest over the names and contents of the images that were used. */
    readonly digest: string;
    readonly images: number;
    /** Images in the whole set. */
    readonly of: number;
    readonly sample: number;
    readonly seed: number;
  };
  /** What folded and ran the model, e.g. `onnxruntime 1.30.0`. */
  readonly engine: string;
  readonly values: Readonly<Record<string, ValueStatistics>>;
  /** For a model that came from quantization-aware training: what the training fixed besides ranges. */
  readonly trained?: TrainedWeights;
}

/** How training rounded weights. */
export interface TrainedWeights {
  /**
   * Scales of int8 weights per output channel, by the value that the convolution makes; null where they are to be searched. A
   * convolution that is not listed was trained in float and stays so.
   */
  readonly weightScales: Readonly<Record<string, readonly number[] | null>>;
}

/** @throws TaktError `StatisticsDoNotFit` when the value was not calibrated. */
export function statisticsOf(statistics: Statistics, value: string): ValueStatistics {
  // A model may call a value `constructor`.
  const found = Object.hasOwn(statistics.values, value) ? statistics.values[value] : undefined;
  if (found === undefined)
    throw quantizationError(
      QuantizationErrorCode.statisticsDoNotFit,
      `the statistics file has no range for "${value}" of this model`,
      value,
    );
  return found;
}

/** @throws TaktError `StatisticsUnreadable` naming the first thing that is wrong. */
export function parseStatistics(text: string): Statistics {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unreadable('it is not JSON');
  }
  if (!isRecord(json) || json['format'] !== STATISTICS_FORMAT) throw unreadable('it is not a statistics file');
  if (json['version'] !== STATISTICS_VERSION)
    throw unreadable(`its version is ${String(json['version'])}, this takt reads ${String(STATISTICS_VERSION)}`);
  const { model, calibration, engine, values } = json;
  if (typeof model !== 'string' || typeof engine !== 'string' || !isRecord(calibration) || !isRecord(values))
    throw unreadable('a field is missing');
  for (const key of ['images', 'of', 'sample', 'seed'] as const)
    if (typeof calibration[key] !== 'number') throw unreadable(`calibration.${key} is missing`);
  if (typeof calibration['digest'] !== 'string') throw unreadable('calibration.digest is missing');
  for (const [name, value] of Object.entries(values)) if (!isValue(value)) throw unreadable(`the entry of "${name}" is incomplete`);
  if (json['trained'] !== undefined && !isTrained(json['trained'])) throw unreadable('the scales from training are incomplete');
  return json as unknown as Statistics;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function isValue(value: unknown): value is ValueStatistics {
  if (!isRecord(value)) return false;
  const { min, max, low, high, amax, channelMeans, channelRanges } = value;
  return (
    [min, max, low, high].every(isNumber) &&
    (amax === undefined || isNumber(amax)) &&
    (channelMeans === undefined || isNumbers(channelMeans)) &&
    (channelRanges === undefined || (isRecord(channelRanges) && isNumbers(channelRanges['low']) && isNumbers(channelRanges['high'])))
  );
}

const isTrained = (value: unknown): value is TrainedWeights =>
  isRecord(value) &&
  isRecord(value['weightScales']) &&
  Object.values(value['weightScales']).every((scales) => scales === null || (isNumbers(scales) && scales.every((scale) => scale > 0)));

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isNumber);

const unreadable = (why: string): Error =>
  quantizationError(QuantizationErrorCode.statisticsUnreadable, `the statistics file cannot be used: ${why}`);

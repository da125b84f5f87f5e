import { TaktError, legible } from '@takt/kernel';

/** Stable codes of what this library refuses. */
export const QuantizationErrorCode = {
  alreadyQuantized: 'ModelAlreadyQuantized',
  nothingToQuantize: 'ModelHasNothingToQuantize',
  notFinite: 'CalibrationNotFinite',
  statisticsUnreadable: 'StatisticsUnreadable',
  statisticsDoNotFit: 'StatisticsDoNotFit',
  trainedScalesUnreadable: 'TrainedScalesUnreadable',
  opset: 'QuantizationOpsetUnsupported',
} as const;
export type QuantizationErrorCode = (typeof QuantizationErrorCode)[keyof typeof QuantizationErrorCode];

const ACTION: Readonly<Record<QuantizationErrorCode, string>> = {
  ModelAlreadyQuantized: 'give the model in floating point; takt quantizes it itself',
  ModelHasNothingToQuantize: 'release the model with the fp32 recipe',
  CalibrationNotFinite: 'check that the model gives finite outputs on the calibration images',
  StatisticsUnreadable: 'calibrate again',
  StatisticsDoNotFit: 'calibrate again with this model',
  TrainedScalesUnreadable: 'export the trained model with constant int8 scales in Q and DQ pairs, or without these nodes',
  QuantizationOpsetUnsupported: 'export the model with opset 13 or newer',
};

export const quantizationError = (code: QuantizationErrorCode, message: string, element?: string): TaktError =>
  new TaktError({
    code,
    message: legible(message),
    action: ACTION[code],
    component: 'quantization',
    ...(element === undefined ? {} : { element: legible(element) }),
  });

import { TaktError } from '@takt/kernel';
import type { LogitOutput } from './detector-description.js';
import type { NetworkOutput } from './network-output.js';

/** Logits of one output, whatever they are stored as. */
export interface Logits {
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** width · height */
  readonly plane: number;
  readonly data: Float32Array | Uint8Array;
  /** The logit of a channel in a cell. */
  at(channel: number, cell: number): number;
  /** The smallest stored number of a channel that stands for more than `logit`: cells are compared without being converted. */
  threshold(channel: number, logit: number): number;
}

/** @throws TaktError `ModelOutputUnsupported` where the output is not as its description says. */
export function readLogits({ name, scale, zeroPoint }: LogitOutput, output: NetworkOutput | undefined): Logits {
  const unsupported = (what: string): TaktError =>
    new TaktError({
      code: 'ModelOutputUnsupported',
      message: `output "${name}" ${what}`,
      action: 'quantize the model again with this version of takt',
      component: 'evaluation',
      element: name,
    });
  if (output === undefined) throw unsupported('is missing');
  const { data, dims } = output;
  const [batch, channels = 0, height = 0, width = 0] = dims;
  if (dims.length !== 4 || batch !== 1 || data.length !== channels * height * width) throw unsupported(`has shape ${dims.join('×')}`);
  const plane = height * width;
  const shape = { channels, width, height, plane, data };
  if (scale === null || zeroPoint === null) {
    if (!(data instanceof Float32Array)) throw unsupported('is of integers and has no scale');
    return {
      ...shape,
      at: (channel, cell) => data[channel * plane + cell] as number,
      // Next above in single precision or not: what equals the logit is ruled out again by its score.
      threshold: (_, logit) => logit,
    };
  }
  if (scale.length !== channels) throw unsupported(`has ${String(channels)} channels and ${String(scale.length)} scales`);
  if (!(data instanceof Uint8Array)) throw unsupported('is of floats and has a scale');
  return {
    ...shape,
    at: (channel, cell) => (scale[channel] as number) * ((data[channel * plane + cell] as number) - (zeroPoint[channel] as number)),
    threshold: (channel, logit) => Math.floor(logit / (scale[channel] as number) + (zeroPoint[channel] as number)),
  };
}

/** The logit whose sigmoid is `probability`, 0–1. */
export const logitOf = (probability: number): number => Math.log(probability / (1 - probability));

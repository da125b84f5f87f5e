import type { EngineSession, Tensor } from '@takt/engines';
import type { DetectorModel, Infer } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';

/** A loaded detector: its input described, and the call that runs it. */
export interface LoadedModel {
  readonly model: DetectorModel;
  readonly infer: Infer;
}

/**
 * Takes a session for a YOLOv5 detector: one input 1×3×H×W of float32 or uint8, one output 1×N×(5+C).
 *
 * @throws TaktError `ModelUnsupported` naming what is different.
 */
export function describeDetector(session: Pick<EngineSession, 'inputs' | 'outputs' | 'run'>, name: string): LoadedModel {
  const unsupported = (what: string): TaktError =>
    new TaktError({
      code: 'ModelUnsupported',
      message: `${name} ${what}`,
      action: 'export the detector with a fixed input 1×3×height×width and its decode head (one output 1×N×(5+classes))',
      component: 'worker',
      element: name,
    });
  const [input, ...moreInputs] = session.inputs;
  const [output] = session.outputs;
  if (input === undefined || moreInputs.length > 0) throw unsupported(`has ${String(session.inputs.length)} inputs, a detector has one`);
  if (output === undefined) throw unsupported('has no output');
  const [batch, channels, height, width] = input.dims;
  const fixed = input.dims.length === 4 && (batch === 1 || batch === -1) && channels === 3;
  if (!fixed || height === undefined || width === undefined || height < 1 || width < 1) {
    throw unsupported(`has an input of shape ${input.dims.join('×')}`);
  }
  if (input.type !== 'float32' && input.type !== 'uint8') throw unsupported(`has an input of type ${input.type}`);
  const last = output.dims.at(-1);
  if (output.dims.length !== 3 || last === undefined || last < 6) throw unsupported(`has an output of shape ${output.dims.join('×')}`);
  const inputType = input.type;
  const dims = [1, 3, height, width];
  return {
    model: { width, height, inputType, names: Array.from({ length: last - 5 }, (_, index) => String(index)) },
    infer: async (data) => {
      const tensor = (inputType === 'uint8' ? { type: 'uint8', data, dims } : { type: 'float32', data, dims }) as Tensor;
      const results = await session.run({ [input.name]: tensor });
      const result = results[output.name];
      if (result?.type !== 'float32') throw unsupported(`gives an output of type ${String(result?.type)}`);
      return { data: result.data, dims: result.dims };
    },
  };
}

import type { HardwareFacts } from '@takt/hardware';
import { myriadHasNoInt8 } from '@takt/quantization';
import { fitTarget } from './fit-target.js';
import { halfPrecision } from './half-precision.js';
import { openvinoDialect } from './openvino-dialect.js';
import type { MadeTarget, TargetParts } from './target.js';
import { tensorrtDialect } from './tensorrt-dialect.js';

/** Where a model may go besides this machine's ONNX Runtime. */
export type ForeignTarget = 'openvino' | 'tensorrt' | 'myriad';

/**
 * The files for other engines, each in its own dialect and checked against its runtime's rules; half precision beside them. Their
 * accuracy is foretold by ONNX Runtime on the same grid of integers; what loses more than the budget goes in half precision, with the
 * reason.
 *
 * @returns what is given, by target; the files are added to the parts'.
 */
export async function makeTargets(
  wanted: readonly ForeignTarget[],
  facts: Pick<HardwareFacts, 'cpu'>,
  parts: TargetParts,
): Promise<Readonly<Record<string, MadeTarget>>> {
  const { context } = parts.emit;
  const targets: Record<string, MadeTarget> = {};
  if (wanted.length === 0) return targets;
  const half = halfPrecision(parts);
  for (const [done, target] of wanted.entries()) {
    context.signal.throwIfAborted();
    context.progress({ phase: 'emit', done, total: wanted.length, message: `making ${target}` });
    if (target === 'openvino') targets[target] = await fitTarget(openvinoDialect(parts, facts), parts, half);
    else if (target === 'tensorrt') targets[target] = await fitTarget(tensorrtDialect(parts), parts, half);
    else targets[target] = await half(myriadHasNoInt8().message);
  }
  return targets;
}

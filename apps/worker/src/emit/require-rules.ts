import { TaktError } from '@takt/kernel';
import type { Violation } from '@takt/quantization';

/**
 * No file leaves that breaks a documented rule of the runtime it is for.
 *
 * @throws TaktError `DialectViolated` naming the first element that does.
 */
export function requireRules(target: string, violations: readonly Violation[]): void {
  const [first] = violations;
  if (first === undefined) return;
  throw new TaktError({
    code: 'DialectViolated',
    message: `the model cannot be written for ${target}: ${first.element}: ${first.message}${violations.length > 1 ? `, and ${String(violations.length - 1)} more` : ''}`,
    action: `leave ${target} out, or give the model as FP32, and report the model to takt`,
    component: 'worker',
    element: first.element,
  });
}

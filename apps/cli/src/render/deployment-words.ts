import type { DeploymentView, SlotView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { NONE } from './figures.js';

type Plan = NonNullable<DeploymentView['plan']>;

/** The state, coloured by whether a person should look at it. */
export function stateWord(state: string, style: Style): string {
  if (state === 'committed' || state === 'succeeded') return style.good(state);
  if (state === 'rolled-back' || state === 'failed') return style.bad(state);
  if (state === 'superseded' || state === 'cancelled') return style.dim(state);
  return style.warn(state);
}

export const threadsWord = (threads: { readonly intraOp: number; readonly spin: boolean }): string =>
  `${threads.intraOp === 0 ? 'default' : String(threads.intraOp)}${threads.spin ? ' spin' : ''}`;

/** An engine plan in a few words: `int8 · onnxruntime 1.30.0 · 2 threads`. */
export function planWords(plan: Plan | null): string {
  if (plan === null) return NONE;
  const recipe = plan.recipe === plan.precision ? '' : ` (${plan.recipe})`;
  const threads =
    plan.threads.intraOp === 0 ? 'default threads' : `${String(plan.threads.intraOp)} thread${plan.threads.intraOp === 1 ? '' : 's'}`;
  return `${plan.precision}${recipe} · ${plan.engine} ${plan.engineVersion} · ${threads}${plan.threads.spin ? ', spinning' : ''}`;
}

/** Who serves what where: `line-1@node-a`. */
export const placeWords = (at: Pick<SlotView, 'line' | 'node'>): string => `${at.line.name}@${at.node.name}`;

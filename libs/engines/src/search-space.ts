import type { HardwareFacts } from '@takt/hardware';
import { Recipe } from './engine-plan.js';
import type { ThreadPolicy } from './engine-plan.js';

/** How a release wants threads chosen: the engine's library default, a measured sweep, or these counts. */
export type ThreadChoice = 'library-default' | 'sweep' | readonly number[];

/** One combination to emit and measure. */
export interface SearchPoint {
  readonly recipe: Recipe;
  readonly threads: ThreadPolicy;
  /** Measured only to compare against (FP32 where the release does not offer it); never chosen. */
  readonly referenceOnly: boolean;
}

export interface SearchOptions {
  readonly recipes: readonly Recipe[];
  readonly threads: ThreadChoice;
}

/** What the engine's library does by itself: its own count, spinning while idle. */
const LIBRARY_DEFAULT: ThreadPolicy = { intraOp: 0, spin: true };

/**
 * Combinations worth measuring on this box: recipes × threads, FP32 first. FP32 is always among them, because speed and
 * accuracy of every other recipe are judged against it.
 */
export function planSearchSpace(facts: Pick<HardwareFacts, 'cpu'>, options: SearchOptions): SearchPoint[] {
  const offered = new Set<Recipe>(options.recipes);
  const recipes = Object.values(Recipe).filter((recipe) => recipe === Recipe.fp32 || offered.has(recipe));
  const policies = threadPolicies(facts, options.threads);
  return recipes.flatMap((recipe) => policies.map((threads) => ({ recipe, threads, referenceOnly: !offered.has(recipe) })));
}

/** Thread settings to try for a choice, on a box with these cores. Never empty. */
export function threadPolicies(facts: Pick<HardwareFacts, 'cpu'>, choice: ThreadChoice): ThreadPolicy[] {
  if (choice === 'library-default') return [LIBRARY_DEFAULT];
  const { logicalCores } = facts.cpu;
  if (choice !== 'sweep') {
    const counts = [...new Set(choice.map((count) => Math.min(Math.max(1, count), logicalCores)))].sort((a, b) => a - b);
    return counts.map((intraOp) => ({ intraOp, spin: false }));
  }
  return sweepCounts(facts).flatMap((intraOp): ThreadPolicy[] => {
    const sleeping = { intraOp, spin: false };
    // Spinning threads on every core leave none for decode, camera and the other lines of the box.
    return intraOp > 1 && intraOp < logicalCores ? [sleeping, { intraOp, spin: true }] : [sleeping];
  });
}

/**
 * 1, 2, 4, … and the physical cores of one NUMA node: hyper-threads share the units that convolutions use, and one frame
 * spread over two memory nodes waits for the link between them.
 */
function sweepCounts(facts: Pick<HardwareFacts, 'cpu'>): number[] {
  const { physicalCores, logicalCores, numaNodes } = facts.cpu;
  const most = Math.max(1, Math.floor(physicalCores / Math.max(1, numaNodes)));
  const counts = new Set([most]);
  for (let count = 1; count < most; count *= 2) counts.add(count);
  // Two hyper-threads of one core are all that a small virtual machine has: both are worth trying there.
  if (most === 1 && logicalCores > 1) counts.add(2);
  return [...counts].sort((a, b) => a - b);
}

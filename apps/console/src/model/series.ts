import type { ModelFigures } from '@takt/contracts';
import type { Recipe } from '@takt/engines';

type Row = ModelFigures['rows'][number];

/** Colour and, for whoever does not see colours, shape. */
export const RECIPE_LOOK: Readonly<Record<Recipe, { readonly fill: string; readonly shape: 'circle' | 'square' | 'triangle' }>> = {
  fp32: { fill: 'var(--takt-idle-fill)', shape: 'square' },
  int8: { fill: 'var(--takt-info-fill)', shape: 'circle' },
  'int8-library-default': { fill: 'var(--takt-warn-fill)', shape: 'triangle' },
};

export interface ProfileBars {
  readonly profile: string;
  /** Capacity in FPS by recipe; the best thread count of each. */
  readonly capacity: Partial<Record<Recipe, number>>;
}

/** One group of bars per profile, in order of their names. */
export function barsByProfile(rows: readonly Row[]): ProfileBars[] {
  const groups = new Map<string, Partial<Record<Recipe, number>>>();
  for (const row of rows) {
    const capacity = groups.get(row.profile) ?? {};
    capacity[row.recipe] = Math.max(capacity[row.recipe] ?? 0, row.capacityFps);
    groups.set(row.profile, capacity);
  }
  return [...groups].map(([profile, capacity]) => ({ profile, capacity })).sort((a, b) => a.profile.localeCompare(b.profile));
}

/** Recipes that occur, in a fixed order. */
export const recipesIn = (rows: readonly Row[]): Recipe[] =>
  (['fp32', 'int8', 'int8-library-default'] as const).filter((recipe) => rows.some((row) => row.recipe === recipe));

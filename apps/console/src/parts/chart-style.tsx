import type { ReactElement } from 'react';

/** How every chart looks; colours follow the theme. */
export const AXIS = {
  tick: { fontSize: 11.5, fill: 'var(--takt-quiet)' },
  stroke: 'var(--takt-line-strong)',
  tickLine: false,
} as const;
export const GRID = { stroke: 'var(--takt-line)', vertical: false } as const;
export const MARGIN = { top: 6, right: 10, bottom: 0, left: 0 } as const;
export const TOOLTIP = {
  isAnimationActive: false,
  contentStyle: {
    background: 'var(--takt-surface)',
    border: '1px solid var(--takt-line-strong)',
    borderRadius: 8,
    fontSize: 12.5,
    padding: '6px 10px',
    color: 'var(--takt-text)',
  },
  itemStyle: { color: 'var(--takt-text)', padding: 0 },
  labelStyle: { color: 'var(--takt-quiet)' },
  cursor: { stroke: 'var(--takt-line-strong)' },
} as const;

/** In the order in which they are drawn; words in the colour of text, since a pale line is seen and pale words are not read. */
export const LEGEND = {
  verticalAlign: 'top',
  align: 'right',
  itemSorter: null,
  wrapperStyle: { fontSize: 12, paddingBottom: 6 },
  formatter: (name: unknown): ReactElement => <span style={{ color: 'var(--takt-text)' }}>{String(name)}</span>,
} as const;

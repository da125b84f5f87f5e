/** The demo fleet: two sites, three nodes, one line each. */
export interface DemoNode {
  readonly site: string;
  readonly line: string;
  /** Name of the node, and its folder below the demo's data folder. */
  readonly folder: string;
}

export const DEMO_NODES: readonly DemoNode[] = [
  { site: 'north-works', line: 'strip-1', folder: 'north-1' },
  { site: 'north-works', line: 'strip-2', folder: 'north-2' },
  { site: 'south-works', line: 'strip-3', folder: 'south-1' },
];

/** Model name of the sample detector in the control plane. */
export const MODEL = 'steel-defects';

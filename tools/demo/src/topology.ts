/** The demo fleet: two sites, three nodes, one line each. */
export interface DemoNode {
  readonly site: string;
  readonly line: string;
  /** Folder of the node below the demo's data folder. */
  readonly folder: string;
}

export const DEMO_NODES: readonly DemoNode[] = [
  { site: 'north-works', line: 'strip-1', folder: 'node-a' },
  { site: 'north-works', line: 'strip-2', folder: 'node-b' },
  { site: 'south-works', line: 'strip-3', folder: 'node-c' },
];

/** Model name of the sample detector in the control plane. */
export const MODEL = 'steel-defects';

/**
 * Arm core names by `CPU implementer` and `CPU part` of /proc/cpuinfo, which on Arm often has no model name.
 * Order within an implementer is small to big: of two kinds on one chip the later is the faster.
 */
const CORES: readonly (readonly [implementer: number, part: number, name: string])[] = [
  [0x41, 0xd04, 'Cortex-A35'],
  [0x41, 0xd03, 'Cortex-A53'],
  [0x41, 0xd05, 'Cortex-A55'],
  [0x41, 0xd46, 'Cortex-A510'],
  [0x41, 0xd80, 'Cortex-A520'],
  [0x41, 0xc07, 'Cortex-A7'],
  [0x41, 0xc09, 'Cortex-A9'],
  [0x41, 0xc0f, 'Cortex-A15'],
  [0x41, 0xd07, 'Cortex-A57'],
  [0x41, 0xd08, 'Cortex-A72'],
  [0x41, 0xd09, 'Cortex-A73'],
  [0x41, 0xd0a, 'Cortex-A75'],
  [0x41, 0xd0b, 'Cortex-A76'],
  [0x41, 0xd0c, 'Neoverse-N1'],
  [0x41, 0xd0d, 'Cortex-A77'],
  [0x41, 0xd41, 'Cortex-A78'],
  [0x41, 0xd42, 'Cortex-A78AE'],
  [0x41, 0xd4b, 'Cortex-A78C'],
  [0x41, 0xd47, 'Cortex-A710'],
  [0x41, 0xd4d, 'Cortex-A715'],
  [0x41, 0xd81, 'Cortex-A720'],
  [0x41, 0xd87, 'Cortex-A725'],
  [0x41, 0xd44, 'Cortex-X1'],
  [0x41, 0xd48, 'Cortex-X2'],
  [0x41, 0xd4e, 'Cortex-X3'],
  [0x41, 0xd82, 'Cortex-X4'],
  [0x41, 0xd85, 'Cortex-X925'],
  [0x41, 0xd40, 'Neoverse-V1'],
  [0x41, 0xd49, 'Neoverse-N2'],
  [0x41, 0xd4f, 'Neoverse-V2'],
  [0x4e, 0x003, 'Denver 2'],
  [0x4e, 0x004, 'Carmel'],
];

/** Name of an Arm core, or a name made of the two ids where it is not in the table. */
export function armCoreName(implementer: number, part: number): string {
  const found = CORES.find(([knownImplementer, knownPart]) => knownImplementer === implementer && knownPart === part);
  return found?.[2] ?? `Arm core 0x${implementer.toString(16)}/0x${part.toString(16)}`;
}

/** Position in the small-to-big order; −1 for a name that is not in the table. */
export const armCoreRank = (name: string): number => CORES.findIndex(([, , known]) => known === name);

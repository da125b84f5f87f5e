// project: libs/hardware  rule: no-restricted-imports
import { readFileSync } from 'node:fs';

export const cpuinfo = (): string => readFileSync('/proc/cpuinfo', 'utf8');

// project: libs/kernel  rule: import-x/no-cycle
import { other } from './cycle-other.js';

export const here = (): string => other();

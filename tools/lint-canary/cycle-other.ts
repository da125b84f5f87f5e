// partner of cycle.ts
import { here } from './cycle.js';

export const other = (): string => here();

// project: apps/console  rule: @nx/enforce-module-boundaries
import * as pg from 'pg';

export const client = (): unknown => pg;

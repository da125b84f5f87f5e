// project: libs/rollout  rule: @nx/enforce-module-boundaries
import { DataSource } from 'typeorm';

export const source = (): DataSource => new DataSource({ type: 'postgres' });

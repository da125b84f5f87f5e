// project: apps/cli  rule: @nx/enforce-module-boundaries
import * as react from 'react';

export const hooks = (): unknown => react;

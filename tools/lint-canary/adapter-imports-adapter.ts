// project: libs/image-io  rule: @nx/enforce-module-boundaries
import * as store from '@takt/artifact-store';

export const other = (): unknown => store;

import { isMantineColorScheme } from '@mantine/core';
import type { MantineColorSchemeManager } from '@mantine/core';
import { recall, remember } from './remembered.js';

/** Mantine's own one, over the same storage as the script that runs before the first paint. */
export const colorSchemeManager: MantineColorSchemeManager = {
  get: (fallback) => {
    const value = recall('color-scheme');
    return isMantineColorScheme(value) ? value : fallback;
  },
  set: (value) => remember('color-scheme', value),
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => remember('color-scheme', 'auto'),
};

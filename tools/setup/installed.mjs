import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const packagesOf = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
};

/**
 * Whether node_modules holds what package-lock.json names, whichever npm command put it there. npm writes its own list at the end
 * of an installation, so that an interrupted one counts as none.
 *
 * @param {string} root
 * @param {boolean} dev also what only tests and lint need
 */
export const isInstalled = (root, dev) => {
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? {};
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || (entry.dev === true && !dev)) return true;
    const found = present[path];
    // Packages for other platforms are not installed.
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
};

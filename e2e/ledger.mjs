/** The ledger of `npm run prove`: a line of JSON for each matrix with its number of cases, and for each case that passed. */
import { existsSync, readFileSync } from 'node:fs';

/** Cases by matrix, and `matrix: case` of those that have passed. A file that is not there holds none. */
export const readLedger = (file) => {
  const cases = new Map();
  const passed = new Set();
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const line of text.split('\n')) {
    try {
      const entry = JSON.parse(line);
      if (entry.matrix !== undefined) cases.set(entry.matrix, entry.cases);
      if (entry.passed !== undefined) passed.add(entry.passed);
    } catch {
      // A line that a SIGKILL cut short counts for nothing.
    }
  }
  return { cases, passed };
};

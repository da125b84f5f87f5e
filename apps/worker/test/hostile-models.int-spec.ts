import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HOSTILE_KINDS } from '@takt/testing';
import { describe, expect, it } from 'vitest';

const PROVE = fileURLToPath(new URL('../../../tools/prove-import.mjs', import.meta.url));

interface Report {
  readonly kinds: number;
  readonly accepted: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly steps: Readonly<Record<string, { readonly result: number; readonly error: number; readonly untyped: number }>>;
  readonly failures: readonly unknown[];
  readonly peakMiB: { readonly checks: number; readonly engine: number };
}

/** Two rounds through all kinds; the kinds, seeds and bounds are those of `npm run prove`, which takes ten thousand files. */
const FILES = 2 * HOSTILE_KINDS.length;

describe('hostile model files', () => {
  it('end in a result or in a typed error, within a time and a memory', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROVE, '--files', String(FILES), '--json'], {
      maxBuffer: 2 ** 26,
    }).catch((thrown: unknown) => thrown as { stdout: string });
    const report = JSON.parse(stdout) as Report;
    expect(report.failures).toEqual([]);
    expect(report.kinds).toBe(HOSTILE_KINDS.length);
    expect(report.steps['parse']).toEqual({ result: expect.any(Number) as number, error: expect.any(Number) as number, untyped: 0 });
    // Checks refuse most files, each for what it is; what they let through reaches the emitters and the engine.
    expect(report.accepted).toBeGreaterThan(FILES / 10);
    expect(report.accepted).toBeLessThan(FILES / 2);
    expect(Object.keys(report.codes).length).toBeGreaterThan(15);
    expect(report.steps['emit int8']?.result ?? 0).toBeGreaterThan(10);
    expect(report.peakMiB.checks).toBeLessThanOrEqual(1024);
    expect(report.peakMiB.engine).toBeLessThanOrEqual(3072);
  }, 300_000);
});

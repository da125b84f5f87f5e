import { asId } from '@takt/kernel';
import type { Clock, Digest } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { Grants } from './grants.js';

const digest = asId<Digest>(`sha256:${'a'.repeat(64)}`);
const other = `sha256:${'b'.repeat(64)}`;
let now = 1_000;
const clock: Clock = { now: () => now, monotonic: () => now };
const grants = new Grants(Buffer.from('key'), clock);
const grant = {
  access: 'write' as const,
  nodeId: '7b0f2c3e-0d5a-4a7e-9f43-1f2f6f1c2d3e',
  digest,
  sizeBytes: 12,
  expiresAt: 2_000,
  jobId: 'job',
};

describe('Grants', () => {
  it('gives back what was granted', () => {
    expect(grants.verify(grants.issue(grant), 'write', digest)).toEqual(grant);
  });

  it('refuses another way, another file, another key, a changed size, a later time and rubbish', () => {
    const text = grants.issue(grant);
    const refused = (given: string, access: 'read' | 'write' = 'write', of: string = digest, by = grants): void => {
      expect(() => by.verify(given, access, of)).toThrow(expect.objectContaining({ code: 'GrantInvalid' }) as Error);
    };
    refused(text, 'read');
    refused(text, 'write', other);
    refused(text, 'write', digest, new Grants(Buffer.from('other'), clock));
    refused(text.replace('.12.', '.13.'));
    refused(text.replace('.2000.', '.9000.'));
    refused(text.replace('.job.', '.jab.'));
    for (const rubbish of ['', '....', 'write', `${text}x`]) refused(rubbish);
    now = 2_000;
    refused(text);
    now = 1_000;
  });
});

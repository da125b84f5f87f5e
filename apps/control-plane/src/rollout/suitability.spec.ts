import type { FleetNode, Release } from '@takt/persistence';
import { describe, expect, it } from 'vitest';
import { unsuitable } from './suitability.js';

const release = (profiles: readonly string[] | null): Release => ({ name: 'r', profiles }) as unknown as Release;
const node = (profile: string | null, engines: Record<string, string> = { onnxruntime: '1' }): FleetNode =>
  ({
    name: 'n',
    profile: profile === null ? null : { name: profile, summary: '' },
    facts: profile === null ? null : { engines },
  }) as unknown as FleetNode;
const fleet = ['x64-a', 'x64-b'];

describe('unsuitable', () => {
  it.each([
    ['any profile is allowed', release(null), node('x64-a'), undefined],
    ['the profile is allowed', release(['x64-a']), node('x64-a'), undefined],
    ['the node has not said what it is', release(null), node(null), 'NodeNotProfiled'],
    ['another node has the profile', release(['x64-b']), node('x64-a'), 'ProfileNotAllowed'],
    ['nobody has the profile', release(['arm64']), node('x64-a'), 'NoHardwareForRelease'],
    ['the engine is missing', release(null), node('x64-a', {}), 'EngineMissing'],
  ])('when %s', (_, wanted, box, code) => {
    const fault = unsuitable(wanted, box, fleet);
    expect(fault?.code).toBe(code);
    if (fault !== undefined) expect(fault.action).not.toBe('');
  });
});

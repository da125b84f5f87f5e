import { asId } from '@takt/kernel';
import type { LineId, NodeId, SiteId, SlotId } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWaves } from './plan-waves.js';
import type { RolloutCandidate } from './plan-waves.js';
import { DEFAULT_ROLLOUT_POLICY } from './rollout-policy.js';

const candidate = (
  n: number,
  change: Partial<{ site: string; profile: string; online: boolean; excluded: boolean }> = {},
): RolloutCandidate => ({
  nodeId: asId<NodeId>(`node-${String(n).padStart(3, '0')}`),
  siteId: asId<SiteId>(change.site ?? 'north'),
  profile: change.profile ?? 'x64',
  online: change.online ?? true,
  slotIds: [asId<SlotId>(`slot-${String(n)}`)],
  lineIds: [asId<LineId>(`line-${String(n)}`)],
  exclusion: change.excluded === true ? { code: 'EngineMissing', message: 'no engine' } : null,
});
const order = (nodeId: NodeId): string => nodeId;
const sizes = (plan: ReturnType<typeof planWaves>): number[] =>
  plan.waves.map((wave) => plan.members.filter((member) => member.wave === wave.index && member.bucket !== 'excluded').length);

describe('planWaves', () => {
  it('gives each hardware profile a canary of its own', () => {
    const plan = planWaves(
      [...Array(5).keys()].map((n) => candidate(n, { profile: n < 3 ? 'x64' : 'arm' })),
      DEFAULT_ROLLOUT_POLICY,
      order,
    );
    expect(plan.waves.map((wave) => wave.name)).toEqual(['canary', 'wave 2']);
    expect(sizes(plan)).toEqual([2, 3]);
  });

  it('leaves out waves that would be empty and adds one for who is left', () => {
    expect(sizes(planWaves([candidate(1), candidate(2), candidate(3)], DEFAULT_ROLLOUT_POLICY, order))).toEqual([1, 2]);
    expect(
      sizes(
        planWaves(
          [...Array(6).keys()].map((n) => candidate(n)),
          { waves: [{ kind: 'nodes', perProfile: 2 }] },
          order,
        ),
      ),
    ).toEqual([2, 4]);
    expect(
      sizes(
        planWaves(
          [...Array(100).keys()].map((n) => candidate(n)),
          DEFAULT_ROLLOUT_POLICY,
          order,
        ),
      ),
    ).toEqual([1, 24, 75]);
  });

  it('spreads waves over sites and takes reachable nodes first', () => {
    const sites = ['north', 'north', 'north', 'south', 'south', 'east'];
    const plan = planWaves(
      sites.map((site, n) => candidate(n, { site, online: n !== 0 })),
      { waves: [{ kind: 'nodes', perProfile: 3 }] },
      order,
    );
    const canary = plan.members.filter((member) => member.wave === 0);
    expect(new Set(canary.map((member) => member.siteId)).size).toBe(3);
    expect(canary.map((member) => member.nodeId)).not.toContain('node-000');
  });

  it('does not always take the same node', () => {
    const canaryOf = (rank: (nodeId: NodeId) => string): NodeId | undefined =>
      planWaves([candidate(1), candidate(2)], DEFAULT_ROLLOUT_POLICY, rank).members.find((member) => member.wave === 0)?.nodeId;
    expect(canaryOf((id) => id)).toBe('node-001');
    expect(canaryOf((id) => (id === 'node-001' ? 'z' : 'a'))).toBe('node-002');
  });

  it('keeps what is excluded in the account, with its reason', () => {
    const plan = planWaves([candidate(1), candidate(2, { excluded: true })], DEFAULT_ROLLOUT_POLICY, order);
    expect(plan.members[1]).toMatchObject({ bucket: 'excluded', reason: 'EngineMissing' });
  });

  it('puts every node into exactly one wave, and waves without gaps', () => {
    const spec = fc.record({
      site: fc.constantFrom('a', 'b', 'c'),
      profile: fc.constantFrom('x64', 'arm'),
      online: fc.boolean(),
      excluded: fc.boolean(),
    });
    const wave = fc.oneof(
      fc.record({ kind: fc.constant('nodes' as const), perProfile: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('percent' as const), upTo: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 40 }), fc.array(wave, { minLength: 1, maxLength: 6 }), (specs, waves) => {
        const plan = planWaves(
          specs.map((one, n) => candidate(n, one)),
          { waves },
          order,
        );
        expect(plan.members).toHaveLength(specs.length);
        expect(plan.waves.map((each) => each.index)).toEqual(plan.waves.map((_, index) => index));
        expect(sizes(plan).every((size) => size > 0)).toBe(true);
      }),
    );
  });
});

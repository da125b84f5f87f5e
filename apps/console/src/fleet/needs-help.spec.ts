import type { DeploymentView, NodeView, RolloutView, SlotView } from '@takt/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { belowRate, needsHelp } from './needs-help.js';
import type { HelpInput, SlotLive } from './needs-help.js';

const node = (name: string, more: Partial<NodeView> = {}): NodeView =>
  ({
    id: `n-${name}`,
    name,
    site: 'north',
    online: true,
    lastSeenAt: '2026-11-25T02:00:00Z',
    conditions: [],
    ...more,
  }) as unknown as NodeView;
const slot = (name: string, onNode: string, more: Partial<SlotView> = {}): SlotView =>
  ({
    id: `s-${name}`,
    site: 'north',
    line: { id: `l-${name}`, name },
    node: { id: `n-${onNode}`, name: onNode },
    requiredFps: 20,
    active: { deploymentId: 'd', release: 'r', state: 'committed' },
    serving: null,
    ...more,
  }) as unknown as SlotView;
const deployment = (id: string, state: string, more: object = {}): DeploymentView =>
  ({
    id,
    slotId: 's-press',
    site: 'north',
    state,
    line: { name: 'press' },
    node: { name: 'box' },
    reason: null,
    error: null,
    message: 'why',
    createdAt: '2026-11-25T01:00:00Z',
    endedAt: '2026-11-25T01:10:00Z',
    ...more,
  }) as unknown as DeploymentView;
const rollout = (name: string, phase: string, hold: object | null = null): RolloutView =>
  ({ id: `r-${name}`, name, phase, hold, updatedAt: '2026-11-25T01:00:00Z' }) as unknown as RolloutView;

const live = (more: Partial<SlotLive> = {}): SlotLive => ({ online: true, runtimeReachable: true, deliveredFps: 22, ...more });
const judged = (input: Partial<HelpInput>): string[] =>
  needsHelp({ nodes: [], slots: [], deployments: [], rollouts: [], liveOf: () => live(), ...input }).map(
    (item) => `${item.severity} ${item.reason} ${item.subject}`,
  );

describe('needsHelp', () => {
  it('is empty for a fleet at its rate', () => {
    expect(judged({ nodes: [node('box')], slots: [slot('press', 'box')], rollouts: [rollout('a-1', 'running')] })).toEqual([]);
  });

  it('takes a line below its rate by how far it is below', () => {
    const at: Record<string, number> = { a: 19.5, b: 18.9, c: 15.9, d: 3 };
    expect(
      judged({
        slots: Object.keys(at).map((name) => slot(name, name)),
        liveOf: ({ line }) => live({ deliveredFps: at[line.name] ?? null }),
      }),
    ).toEqual(['critical BelowRequiredFps d · d', 'critical BelowRequiredFps c · c', 'warning BelowRequiredFps b · b']);
  });

  it('says an offline node once, and not its lines; one that serves nothing is only worth a notice', () => {
    const nodes = [node('idle', { online: false }), node('box', { online: false })];
    expect(
      judged({ nodes, slots: [slot('press', 'box'), slot('saw', 'box')], liveOf: () => live({ online: false, deliveredFps: 2 }) }),
    ).toEqual(['critical NodeOffline box', 'notice NodeOffline idle']);
  });

  it('tells a runtime that is silent from a slot that never served', () => {
    const never = slot('new', 'box', { active: null });
    expect(judged({ slots: [slot('press', 'box'), never], liveOf: () => live({ runtimeReachable: false, deliveredFps: null }) })).toEqual([
      'critical RuntimeUnreachable press · box',
    ]);
  });

  it('counts the newest deployment of a slot, whatever their order', () => {
    const failed = deployment('old', 'failed');
    const good = deployment('new', 'committed', { createdAt: '2026-11-25T02:00:00Z' });
    expect(judged({ deployments: [failed, good] })).toEqual([]);
    expect(judged({ deployments: [good, failed] })).toEqual([]);
    expect(judged({ deployments: [failed] })).toEqual(['warning DeploymentFailed press · box']);
    expect(judged({ deployments: [deployment('x', 'rolled-back')] })).toEqual(['notice DeploymentRolledBack press · box']);
  });

  it('brings held rollouts with the reason and bad conditions, before what only waits for an approval', () => {
    const bad = {
      type: 'DiskSpace',
      status: 'false',
      reason: 'NoSpaceLeft',
      message: 'full',
      action: null,
      since: '2026-11-25T01:00:00Z',
    } as const;
    const input = {
      nodes: [node('box', { conditions: [bad, { ...bad, type: 'Other', status: 'unknown' }] })],
      rollouts: [
        rollout('b-2', 'awaiting-approval'),
        rollout('a-1', 'held', { code: 'GateInconclusive', message: 'm', suggestedAction: 's' }),
      ],
    };
    expect(judged(input)).toEqual(['warning RolloutHeld a-1', 'warning ConditionBad box', 'notice RolloutAwaitsApproval b-2']);
    const [held] = needsHelp({ slots: [], deployments: [], liveOf: () => live(), ...input });
    expect(held).toMatchObject({ code: 'GateInconclusive', href: '/rollouts/a-1' });
  });

  it('gives one order for one fleet, however the lists are shuffled', () => {
    const slots = ['a', 'b', 'c', 'd', 'e'].map((name, index) => slot(name, name, { requiredFps: 20 + index }));
    const liveOf = (each: SlotView): SlotLive => live({ deliveredFps: each.line.name === 'c' ? 5 : 15 });
    const wanted = judged({ slots, liveOf });
    fc.assert(
      fc.property(fc.shuffledSubarray(slots, { minLength: slots.length }), (shuffled) => {
        expect(judged({ slots: shuffled, liveOf })).toEqual(wanted);
      }),
    );
  });
});

describe('belowRate', () => {
  it.each([
    [19, 20, false],
    [18.99, 20, true],
    [0, 20, true],
    [null, 20, false],
    [0, 0, false],
  ])('%s of %s: %s', (delivered, required, wanted) => {
    expect(belowRate(delivered, required)).toBe(wanted);
  });
});

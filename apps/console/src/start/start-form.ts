import type { RolloutPolicyInput, RolloutTarget } from '@takt/contracts';
import { DEFAULT_ROLLOUT_POLICY } from '@takt/rollout';

/** What the form holds; numbers that a person types stay text until they are read. */
export interface StartForm {
  readonly release: string | null;
  readonly sites: readonly string[];
  readonly profiles: readonly string[];
  readonly canary: number;
  readonly laterWaves: string;
  readonly soakSeconds: number;
  readonly maxSoakSeconds: number;
  readonly maxConcurrent: number;
  readonly approval: 'none' | 'after-canary' | 'every-wave';
  readonly p50Percent: number;
  readonly p95Percent: number;
  readonly shortfallPercent: number;
  readonly onFailed: 'rollback' | 'hold';
  readonly localRollback: boolean;
  readonly localReason: string;
  readonly supersede: boolean;
}

const percent = (fraction: number): number => Math.round(fraction * 1000) / 10;

/** The policy's own defaults. */
export const EMPTY_FORM: StartForm = {
  release: null,
  sites: [],
  profiles: [],
  canary: DEFAULT_ROLLOUT_POLICY.waves.flatMap((wave) => (wave.kind === 'nodes' ? [wave.perProfile] : []))[0] ?? 1,
  laterWaves: DEFAULT_ROLLOUT_POLICY.waves.flatMap((wave) => (wave.kind === 'percent' ? [String(wave.upTo)] : [])).join(', '),
  soakSeconds: DEFAULT_ROLLOUT_POLICY.soakSeconds,
  maxSoakSeconds: DEFAULT_ROLLOUT_POLICY.maxSoakSeconds,
  maxConcurrent: DEFAULT_ROLLOUT_POLICY.maxConcurrent,
  approval: DEFAULT_ROLLOUT_POLICY.approval,
  p50Percent: percent(DEFAULT_ROLLOUT_POLICY.gate.maxServiceTimeP50Increase),
  p95Percent: percent(DEFAULT_ROLLOUT_POLICY.gate.maxServiceTimeP95Increase),
  shortfallPercent: percent(DEFAULT_ROLLOUT_POLICY.gate.maxDeliveredFpsShortfall),
  onFailed: DEFAULT_ROLLOUT_POLICY.onGate.failed,
  localRollback: true,
  localReason: '',
  supersede: false,
};

/** `25, 100` as numbers; undefined where they do not rise or leave 1 to 100. Nothing means: all the rest in one wave. */
export function readWaves(text: string): number[] | undefined {
  const parts = text.split(/[\s,，、]+/).filter((part) => part !== '');
  const numbers = parts.map((part) => Number(part.replace(/%$/, '')));
  const good = numbers.every((value, index) => value > 0 && value <= 100 && value > (numbers[index - 1] ?? 0));
  return good ? numbers : undefined;
}

export interface StartRequest {
  release: string;
  target: RolloutTarget;
  policy: RolloutPolicyInput;
  supersede: boolean;
}

/** A field that keeps the form from being sent. */
export type WrongField = 'release' | 'laterWaves' | 'maxSoakSeconds' | 'localReason';

/** What is sent, or the field that is not right yet. */
export function startRequest(form: StartForm): StartRequest | WrongField {
  const waves = readWaves(form.laterWaves);
  if (form.release === null) return 'release';
  if (waves === undefined) return 'laterWaves';
  if (form.maxSoakSeconds < form.soakSeconds) return 'maxSoakSeconds';
  const reason = form.localReason.trim();
  if (!form.localRollback && reason === '') return 'localReason';
  return {
    release: form.release,
    target: {
      ...(form.sites.length > 0 ? { sites: [...form.sites] } : {}),
      ...(form.profiles.length > 0 ? { profiles: [...form.profiles] } : {}),
    },
    policy: {
      waves: [
        { kind: 'nodes' as const, perProfile: form.canary },
        ...(waves.length === 0 ? [100] : waves).map((upTo) => ({ kind: 'percent' as const, upTo })),
      ],
      soakSeconds: form.soakSeconds,
      maxSoakSeconds: form.maxSoakSeconds,
      maxConcurrent: form.maxConcurrent,
      approval: form.approval,
      gate: {
        maxServiceTimeP50Increase: form.p50Percent / 100,
        maxServiceTimeP95Increase: form.p95Percent / 100,
        maxDeliveredFpsShortfall: form.shortfallPercent / 100,
      },
      onGate: { failed: form.onFailed },
      localRollback: form.localRollback ? { onPerformanceBreach: 'roll-back', reason: null } : { onPerformanceBreach: 'report', reason },
    },
    supersede: form.supersede,
  };
}

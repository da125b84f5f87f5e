import type { GateOutcome } from '@takt/gates';
import type { DeploymentState, MemberBucket, RolloutPhase, WaveStep } from '@takt/rollout';
import type { HelpSeverity } from '../fleet/needs-help.js';
import type { IconName } from './icons.js';

/** What a state means to an operator: a colour, and an icon for whoever does not see colours. */
export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle';
export interface Sign {
  readonly tone: Tone;
  readonly icon: IconName;
}

const sign = (tone: Tone, icon: IconName): Sign => ({ tone, icon });

export const PHASE_SIGNS: Readonly<Record<RolloutPhase, Sign>> = {
  running: sign('info', 'run'),
  paused: sign('idle', 'pause'),
  held: sign('warn', 'warn'),
  'awaiting-approval': sign('warn', 'ask'),
  'rolling-back': sign('warn', 'back'),
  succeeded: sign('ok', 'ok'),
  partial: sign('warn', 'warn'),
  'rolled-back': sign('bad', 'back'),
  aborted: sign('bad', 'stop'),
  superseded: sign('idle', 'idle'),
};
export const BUCKET_SIGNS: Readonly<Record<MemberBucket, Sign>> = {
  succeeded: sign('ok', 'ok'),
  working: sign('info', 'run'),
  pending: sign('idle', 'clock'),
  deferred: sign('warn', 'pause'),
  offline: sign('idle', 'off'),
  failed: sign('bad', 'bad'),
  'rolled-back': sign('bad', 'back'),
  superseded: sign('idle', 'idle'),
  excluded: sign('idle', 'idle'),
};
export const WAVE_SIGNS: Readonly<Record<WaveStep, Sign>> = {
  pending: sign('idle', 'clock'),
  moving: sign('info', 'run'),
  soaking: sign('info', 'clock'),
  passed: sign('ok', 'ok'),
  failed: sign('bad', 'bad'),
  cancelled: sign('idle', 'stop'),
};
export const OUTCOME_SIGNS: Readonly<Record<GateOutcome, Sign>> = {
  pending: sign('idle', 'clock'),
  running: sign('info', 'run'),
  successful: sign('ok', 'ok'),
  failed: sign('bad', 'bad'),
  error: sign('warn', 'warn'),
  inconclusive: sign('warn', 'ask'),
};
export const DEPLOYMENT_SIGNS: Readonly<Record<DeploymentState, Sign>> = {
  pending: sign('idle', 'clock'),
  fetching: sign('info', 'run'),
  calibrating: sign('info', 'run'),
  building: sign('info', 'run'),
  activating: sign('info', 'run'),
  checking: sign('info', 'run'),
  committed: sign('ok', 'ok'),
  'rolled-back': sign('bad', 'back'),
  failed: sign('bad', 'bad'),
  superseded: sign('idle', 'idle'),
  cancelled: sign('idle', 'stop'),
};
export const SEVERITY_SIGNS: Readonly<Record<'info' | 'warning' | 'error', Sign>> = {
  info: sign('info', 'info'),
  warning: sign('warn', 'warn'),
  error: sign('bad', 'bad'),
};
export const HELP_SIGNS: Readonly<Record<HelpSeverity, Sign>> = {
  critical: sign('bad', 'bad'),
  warning: sign('warn', 'warn'),
  notice: sign('info', 'info'),
};

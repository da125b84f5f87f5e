import type { RolloutPolicyInput } from '@takt/contracts';
import { DEFAULT_ROLLOUT_POLICY } from '@takt/rollout';
import type { RolloutPolicy } from '@takt/rollout';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { RouteInput } from '@takt/api-client';
import { ExitCode } from '../output/report-error.js';
import { integerIn } from './parse-values.js';
import { duration, fractionIn, moreWords, waveSizes } from './rollout-values.js';

type GatePolicy = RolloutPolicy['gate'];
type GateAction = RolloutPolicy['onGate']['failed'];

export interface TargetOptions {
  readonly site?: string[];
  readonly line?: string[];
  readonly node?: string[];
  readonly profile?: string[];
}

/** What commander parsed; the flags of the gates are there under their own names, too. */
export interface PolicyOptions {
  readonly canary?: number;
  readonly waves?: NonNullable<RolloutPolicyInput['waves']>;
  readonly maxConcurrent?: number;
  readonly maxPerLine?: number;
  readonly soak?: number;
  readonly maxSoak?: number;
  readonly waveDeadline?: number;
  readonly approval?: RolloutPolicy['approval'];
  readonly onFailed?: GateAction;
  readonly onInconclusive?: GateAction;
  readonly onError?: GateAction;
  readonly localRollback?: RolloutPolicy['localRollback']['onPerformanceBreach'];
  readonly reason?: string;
}

interface GateFlag {
  readonly name: keyof GatePolicy;
  readonly flag: string;
  readonly description: string;
  readonly parse: (text: string) => number;
}

const share = fractionIn(0, 1);
const margin = fractionIn(0, 10);

/** Bounds of the gates; the server has the defaults. */
export const GATE_FLAGS: readonly GateFlag[] = [
  {
    name: 'maxServiceTimeP50Increase',
    flag: '--max-p50-increase <share>',
    description: 'gate: allowed increase of service-time p50, e.g. 10%',
    parse: margin,
  },
  { name: 'maxServiceTimeP95Increase', flag: '--max-p95-increase <share>', description: 'gate: the same for p95', parse: margin },
  {
    name: 'maxDeliveredFpsShortfall',
    flag: '--max-fps-shortfall <share>',
    description: 'gate: allowed shortfall of delivered FPS',
    parse: share,
  },
  {
    name: 'maxErrorRate',
    flag: '--max-error-rate <share>',
    description: 'gate: allowed share of frames that end in an error',
    parse: share,
  },
  {
    name: 'minFrames',
    flag: '--min-frames <n>',
    description: 'gate: frames a slot must have served before and after',
    parse: integerIn(20, 1_000_000),
  },
  {
    name: 'minIntervals',
    flag: '--min-intervals <n>',
    description: 'gate: sample intervals a slot must have before and after',
    parse: integerIn(3, 10_000),
  },
  {
    name: 'confidence',
    flag: '--confidence <share>',
    description: 'gate: how sure a bound must be, e.g. 95%',
    parse: fractionIn(0.8, 0.999),
  },
  {
    name: 'maxFailedShare',
    flag: '--max-failed <share>',
    description: 'gate: share of nodes that may fail after the canary',
    parse: share,
  },
  { name: 'minMeasuredShare', flag: '--min-measured <share>', description: 'gate: share of nodes that must be measured', parse: share },
];

export const withTarget = (command: Command): Command =>
  command
    .option('--site <site>', 'only nodes of this site; may be repeated', moreWords)
    .option('--line <line>', 'only nodes of this line; may be repeated', moreWords)
    .option('--node <node>', 'only this node; may be repeated', moreWords)
    .option('--profile <profile>', 'only nodes of this hardware profile; may be repeated', moreWords);

const actions = (flag: string, description: string): Option => new Option(flag, description).choices(['rollback', 'hold']);

export function withPolicy(command: Command): Command {
  command
    .option('--canary <n>', 'nodes of each hardware profile in the first wave', integerIn(1, 100_000))
    .option('--waves <list>', 'sizes of the waves, e.g. 1,25%,100% (after --canary, those that follow it)', waveSizes)
    .option('--soak <time>', 'time a wave must stay healthy before its gate may pass, e.g. 10m', duration)
    .option('--max-soak <time>', 'time after which a gate that has not decided ends as inconclusive', duration)
    .option('--wave-deadline <time>', 'time after which a wave goes to its gate although nodes still wait', duration)
    .option('--max-concurrent <n>', 'nodes that may be moved at a time', integerIn(1, 100_000))
    .option('--max-per-line <n>', 'nodes of one line that may be moved at a time', integerIn(1, 1_000))
    .addOption(
      new Option('--approval <when>', 'whether a person must approve the next wave').choices(['none', 'after-canary', 'every-wave']),
    )
    .addOption(actions('--on-failed <action>', 'what follows a gate that failed'))
    .addOption(actions('--on-inconclusive <action>', 'what follows a gate that could not decide'))
    .addOption(actions('--on-error <action>', 'what follows a gate that could not measure'))
    .addOption(
      new Option(
        '--local-rollback <word>',
        'whether a node goes back from a slow engine by itself, or reports it and leaves it to the gate',
      ).choices(['roll-back', 'report']),
    );
  for (const { flag, description, parse } of GATE_FLAGS) command.option(flag, description, parse);
  return command;
}

type Target = NonNullable<RouteInput<'createRollout'>['body']['target']>;

export function targetOf({ site, line, node, profile }: TargetOptions): Target {
  return {
    ...(site === undefined ? {} : { sites: site }),
    ...(line === undefined ? {} : { lines: line }),
    ...(node === undefined ? {} : { nodes: node }),
    ...(profile === undefined ? {} : { profiles: profile }),
  };
}

/** What was named of the policy. Ends the command where the local loop is switched off without a word why. */
export function policyOf(options: PolicyOptions, command: Command): RolloutPolicyInput {
  const { localRollback, reason } = options;
  if (localRollback === 'report' && reason === undefined) {
    command.error('error: say why the nodes shall not go back by themselves: --reason TEXT', { exitCode: ExitCode.usage });
  }
  const waves = wavesOf(options);
  return defined({
    waves,
    maxConcurrent: options.maxConcurrent,
    maxPerLine: options.maxPerLine,
    soakSeconds: options.soak,
    maxSoakSeconds: options.maxSoak,
    waveDeadlineSeconds: options.waveDeadline,
    approval: options.approval,
    gate: nonEmpty(gateOf(options)),
    onGate: nonEmpty(defined({ failed: options.onFailed, inconclusive: options.onInconclusive, error: options.onError })),
    localRollback: localRollback === undefined ? undefined : { onPerformanceBreach: localRollback, reason: reason ?? null },
  });
}

function gateOf(options: PolicyOptions): Partial<GatePolicy> {
  const parsed = options as Readonly<Record<string, unknown>>;
  return defined(Object.fromEntries(GATE_FLAGS.map(({ name, flag }) => [name, parsed[new Option(flag).attributeName()]])));
}

/** A canary alone takes the place of the first of the default waves. */
function wavesOf({ canary, waves }: PolicyOptions): RolloutPolicyInput['waves'] {
  if (canary === undefined) return waves;
  return [{ kind: 'nodes', perProfile: canary }, ...(waves ?? DEFAULT_ROLLOUT_POLICY.waves.slice(1))];
}

const defined = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };

const nonEmpty = <T extends object>(values: T): T | undefined => (Object.keys(values).length === 0 ? undefined : values);

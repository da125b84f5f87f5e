import type { RolloutPolicyInput } from '@takt/contracts';
import { DEFAULT_ROLLOUT_POLICY } from '@takt/rollout';
import type { RolloutPolicy } from '@takt/rollout';
import { refused } from '../../errors.js';

const given = <T extends object>(value: T | undefined): { [P in keyof T]?: Exclude<T[P], undefined> } =>
  Object.fromEntries(Object.entries(value ?? {}).filter(([, member]) => member !== undefined)) as {
    [P in keyof T]?: Exclude<T[P], undefined>;
  };

/** The base with what is given instead. Throws `PolicyInvalid` where the parts contradict each other. */
export function mergePolicy(input: RolloutPolicyInput, base: RolloutPolicy = DEFAULT_ROLLOUT_POLICY): RolloutPolicy {
  const { gate, onGate, ...rest } = input;
  const policy: RolloutPolicy = {
    ...base,
    ...given(rest),
    gate: { ...base.gate, ...given(gate) },
    onGate: { ...base.onGate, ...given(onGate) },
  };
  const invalid = fault(policy);
  if (invalid !== undefined) throw refused('PolicyInvalid', invalid.message, invalid.action);
  return policy;
}

function fault(policy: RolloutPolicy): { message: string; action: string } | undefined {
  if (policy.maxSoakSeconds < policy.soakSeconds) {
    return {
      message: `the gate's longest time (${String(policy.maxSoakSeconds)} s) is shorter than the soak (${String(policy.soakSeconds)} s)`,
      action: 'raise maxSoakSeconds, or lower soakSeconds',
    };
  }
  if (policy.localRollback.onPerformanceBreach === 'report' && policy.localRollback.reason === null) {
    return { message: 'local rollback is switched off without a reason', action: 'say why: localRollback.reason (`--reason TEXT`)' };
  }
  const shares = policy.waves.flatMap((wave) => (wave.kind === 'percent' ? [wave.upTo] : []));
  if (shares.some((share, index) => index > 0 && share <= (shares[index - 1] ?? 0))) {
    return {
      message: `the waves' percentages do not grow: ${shares.map(String).join(' %, ')} %`,
      action: 'give cumulated percentages, such as 10 %, 50 %, 100 %',
    };
  }
  return undefined;
}

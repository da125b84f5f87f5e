import type { ApiClient } from '@takt/api-client';
import type { GateView } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A rollout's name or id; `latest` is the newest one. */
export async function resolveRollout(client: ApiClient, given: string): Promise<string> {
  if (given !== 'latest') return given;
  const [newest] = (await client.call('listRollouts', { query: { limit: 1 } })).items;
  if (newest !== undefined) return newest.id;
  throw new TaktError({
    code: 'RolloutUnknown',
    message: 'there is no rollout yet',
    action: 'start one with: takt rollout start RELEASE',
    component: 'cli',
  });
}

/** A gate's id, from the id itself or from `ROLLOUT[/WAVE[/PROFILE]]`, where a wave is its number from 1 or its name. */
export async function resolveGate(client: ApiClient, given: string): Promise<string> {
  if (UUID.test(given)) return given.toLowerCase();
  const [rollout = given, wave, ...rest] = given.split('/');
  const profile = rest.length === 0 ? undefined : rest.join('/');
  const detail = await client.call('getRollout', { params: { ref: await resolveRollout(client, rollout) } });
  const isWave = (gate: GateView): boolean => String(gate.wave + 1) === wave || detail.waves[gate.wave]?.name === wave;
  const found = detail.gates
    .filter((gate) => (wave === undefined || isWave(gate)) && (profile === undefined || gate.profile === profile))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
    .at(-1);
  if (found !== undefined) return found.id;
  throw new TaktError({
    code: 'GateUnknown',
    message: `rollout ${detail.name} has no gate${wave === undefined ? ' yet' : ` ${given.slice(rollout.length + 1)}`}`,
    action: `see its waves and gates with: takt rollout show ${detail.name}`,
    component: 'cli',
    element: given,
  });
}

import { TaktError } from '@takt/kernel';
import type { AgentContext } from '../run/context.js';
import { releaseConflict } from '../state/desired-store.js';
import type { CommandResult } from './output.js';

/** `takt-agent accept`: a person lets the conflicting desired state replace the present one. */
export async function acceptConflict({ fs, folder }: AgentContext): Promise<CommandResult> {
  const released = await releaseConflict(fs, folder);
  if (released === undefined) {
    throw new TaktError({
      code: 'NoConflict',
      message: 'no desired state waits for a person',
      action: 'look at "takt-agent status"',
      component: 'agent',
    });
  }
  const { epoch, generation, digest } = released;
  return {
    ok: true,
    data: { epoch, generation, digest },
    text: [`generation ${String(generation)} (${digest}) is taken when it arrives next`],
  };
}

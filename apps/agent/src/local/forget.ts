import type { AgentContext } from '../run/context.js';
import { forgetFailedContent } from '../state/memory.js';
import type { CommandResult } from './output.js';

/** `takt-agent forget`: contents that failed on this box may be tried again, by the next deployment that has them. */
export async function forgetFailures({ fs, folder }: AgentContext): Promise<CommandResult> {
  const forgotten = await forgetFailedContent(fs, folder);
  return { ok: true, data: { forgotten }, text: [`${String(forgotten)} failed contents are forgotten; deploy again to try one`] };
}

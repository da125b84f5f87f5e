import { TaktError } from '@takt/kernel';
import { ControlClient } from '../runtime/control-client.js';
import type { AgentContext } from '../run/context.js';
import { readLocalView } from './local-view.js';
import type { CommandResult } from './output.js';

/** `takt-agent rollback [--line SLUG]`: the runtime goes back to its previous engine now, without agent or network. */
export async function rollBackLines(context: AgentContext): Promise<CommandResult> {
  const { config, folder } = context;
  const { lines } = await readLocalView(context);
  const known = lines.map(({ slug }) => slug);
  const slug = config.line ?? (known.length === 1 ? known[0] : undefined);
  if (slug === undefined || !known.includes(slug)) {
    throw new TaktError({
      code: 'LineUnknown',
      message: config.line === undefined ? `this node has ${String(known.length)} lines` : `this node has no line ${config.line}`,
      action: `name one with --line: ${known.join(', ')}`,
      component: 'agent',
    });
  }
  const status = await new ControlClient(folder.lines, slug).rollBack();
  const serving = status.serving?.releaseName ?? 'nothing yet';
  return { ok: true, data: { line: slug, serving: status.serving }, text: [`line ${slug} goes back; it serves ${serving}`] };
}

import { TaktError } from '@takt/kernel';
import { parseArgs } from 'node:util';

/** Job file named by `run --job FILE`. */
export function readCommandLine(args: readonly string[]): { readonly job: string } {
  const usage = (message: string): TaktError =>
    new TaktError({ code: 'UsageInvalid', message, action: 'call it as: takt-worker run --job FILE', component: 'worker' });
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options: { job: { type: 'string' } } });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1 || positionals[0] !== 'run') throw usage(`unknown command "${positionals.join(' ')}"`);
  if (values.job === undefined) throw usage('no job file is named');
  return { job: values.job };
}

import { printable, printableJson } from '@takt/kernel';

/** What a local command found: data for `--json`, lines for people. */
export interface CommandResult {
  readonly ok: boolean;
  readonly data: unknown;
  readonly text: readonly string[];
}

/** Writes a result to stdout and gives the exit code. */
export function printResult(json: boolean, result: CommandResult): number {
  process.stdout.write(`${json ? printableJson(JSON.stringify(result.data, null, 2)) : printable(result.text.join('\n'))}\n`);
  return result.ok ? 0 : 1;
}

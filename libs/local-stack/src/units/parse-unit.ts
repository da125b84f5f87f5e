import { TaktError } from '@takt/kernel';

export const RestartPolicy = { no: 'no', always: 'always', onFailure: 'on-failure', onAbnormal: 'on-abnormal' } as const;
export type RestartPolicy = (typeof RestartPolicy)[keyof typeof RestartPolicy];

/** A command line of a unit: words with `%` and `$` still in them, and whether its failure is ignored (`-` prefix). */
export interface UnitCommand {
  readonly words: readonly string[];
  readonly ignoreFailure: boolean;
}

/** What the supervisor takes from a systemd service file; everything else (hardening above all) is systemd's own. */
export interface UnitFile {
  /** File name, e.g. `takt-runtime@.service`. */
  readonly name: string;
  readonly execStartPre: readonly UnitCommand[];
  readonly execStart: UnitCommand;
  readonly environment: Readonly<Record<string, string>>;
  /** Paths; `optional` ones may be missing. */
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  readonly restart: RestartPolicy;
  readonly restartSeconds: number;
  readonly killSignal: NodeJS.Signals;
  readonly timeoutStopSeconds: number;
  /** Exit codes of the main process after which it is never restarted. */
  readonly restartPreventExitCodes: readonly number[];
}

const invalid = (name: string, detail: string): TaktError =>
  new TaktError({
    code: 'UnitFileInvalid',
    message: `unit file ${name}: ${detail}`,
    action: 'correct the unit file',
    component: 'local-stack',
    element: name,
  });

/** Splits as systemd does: white space separates, single and double quotes group, a backslash escapes. */
export const splitWords = (line: string): string[] => {
  const words: string[] = [];
  let word = '';
  let started = false;
  let quote: string | undefined;
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? '';
    if (character === '\\' && quote !== "'" && index + 1 < line.length) {
      index += 1;
      word += line[index] ?? '';
      started = true;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      started = true;
    } else if (/\s/.test(character)) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += character;
      started = true;
    }
  }
  if (started) words.push(word);
  return words;
};

/** Time spans as systemd writes them: bare seconds, or a sum of `500ms`, `10s`, `5min`, `1h`. */
export const parseSeconds = (text: string): number | undefined => {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  const units: Record<string, number> = { ms: 0.001, s: 1, sec: 1, min: 60, m: 60, h: 3600 };
  let total = 0;
  let rest = text.trim();
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(rest);
    const factor = units[match?.[2] ?? ''];
    if (match === null || factor === undefined) return undefined;
    total += Number(match[1]) * factor;
    rest = rest.slice(match[0].length);
  }
  return total;
};

const parseCommand = (name: string, value: string): UnitCommand => {
  const prefix = /^[-@:+!]*/.exec(value)?.[0] ?? '';
  if (/[@+!]/.test(prefix)) throw invalid(name, `prefix "${prefix}" of a command is not supported`);
  const words = splitWords(value.slice(prefix.length));
  if (words[0]?.startsWith('/') !== true) throw invalid(name, `a command starts with an absolute path, this one with "${words[0] ?? ''}"`);
  return { words, ignoreFailure: prefix.includes('-') };
};

/** Sections → key → values in order. A value that is set to nothing clears the earlier ones, as in systemd. */
const parseService = (name: string, text: string): Map<string, string[]> => {
  const service = new Map<string, string[]>();
  let section = '';
  for (const raw of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = header;
      continue;
    }
    const equals = line.indexOf('=');
    if (equals <= 0) throw invalid(name, `"${line}" is neither a section nor a setting`);
    if (section !== 'Service') continue;
    const key = line.slice(0, equals).trim();
    const value = line.slice(equals + 1).trim();
    service.set(key, value === '' ? [] : [...(service.get(key) ?? []), value]);
  }
  return service;
};

const RESTART = new Set<string>(Object.values(RestartPolicy));
const isRestart = (value: string): value is RestartPolicy => RESTART.has(value);

/** @throws TaktError `UnitFileInvalid` on a line that is malformed or that the supervisor would have to obey but cannot */
export const parseUnit = (name: string, text: string): UnitFile => {
  const service = parseService(name, text);
  const last = (key: string): string | undefined => service.get(key)?.at(-1);
  const seconds = (key: string, fallback: number): number => {
    const value = last(key);
    if (value === undefined) return fallback;
    const parsed = parseSeconds(value);
    if (parsed === undefined) throw invalid(name, `${key}=${value} is no time span`);
    return parsed;
  };
  const starts = service.get('ExecStart') ?? [];
  if (starts.length !== 1) throw invalid(name, `exactly one ExecStart is needed, there are ${String(starts.length)}`);
  const restart = last('Restart') ?? RestartPolicy.no;
  if (!isRestart(restart)) throw invalid(name, `Restart=${restart} is not supported`);
  const killSignal = last('KillSignal') ?? 'SIGTERM';
  if (!/^SIG[A-Z0-9]+$/.test(killSignal)) throw invalid(name, `KillSignal=${killSignal} is no signal`);
  const environment: Record<string, string> = {};
  for (const line of service.get('Environment') ?? []) {
    for (const word of splitWords(line)) {
      const equals = word.indexOf('=');
      if (equals <= 0) throw invalid(name, `Environment=${word} is no assignment`);
      environment[word.slice(0, equals)] = word.slice(equals + 1);
    }
  }
  return {
    name,
    execStartPre: (service.get('ExecStartPre') ?? []).map((value) => parseCommand(name, value)),
    execStart: parseCommand(name, starts[0] ?? ''),
    environment,
    environmentFiles: (service.get('EnvironmentFile') ?? []).map((value) => ({
      path: value.replace(/^-/, ''),
      optional: value.startsWith('-'),
    })),
    restart,
    restartSeconds: seconds('RestartSec', 0.1),
    killSignal: killSignal as NodeJS.Signals,
    timeoutStopSeconds: seconds('TimeoutStopSec', 90),
    restartPreventExitCodes: (service.get('RestartPreventExitStatus') ?? []).flatMap((value) => splitWords(value).map(Number)),
  };
};

import { TaktError } from '@takt/kernel';
import type { UnitCommand, UnitFile } from './parse-unit.js';

/** How a unit file written for an installed node is applied to another place: a checkout, a scratch root. */
export interface UnitContext {
  /** What `%i` stands for: `line-1` of `takt-runtime@line-1`. */
  readonly instance?: string;
  /** Added to, and stronger than, the unit's `Environment=`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Path prefixes to replace, longest first, e.g. `{'/var/lib/takt': '/tmp/demo/node-1'}`. Applied to whole path segments. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Installed command → program and leading arguments, e.g. `{'/usr/bin/takt-agent': ['node', 'apps/agent/bin/takt-agent.mjs']}`. */
  readonly commands?: Readonly<Record<string, readonly string[]>>;
}

export interface ResolvedCommand {
  readonly argv: readonly string[];
  readonly ignoreFailure: boolean;
}

export interface ResolvedUnit {
  /** Unit name with its instance: `takt-runtime@line-1.service`. */
  readonly name: string;
  readonly pre: readonly ResolvedCommand[];
  readonly main: ResolvedCommand;
  readonly environment: Readonly<Record<string, string>>;
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
}

/** Replaces the longest matching path prefix; `/var/lib/takt` matches `/var/lib/takt/x` but not `/var/lib/takt2`. */
export const mapPath = (word: string, paths: Readonly<Record<string, string>>): string => {
  const prefixes = Object.keys(paths).sort((a, b) => b.length - a.length);
  for (const prefix of prefixes) {
    if (word === prefix || word.startsWith(`${prefix}/`)) return `${paths[prefix] ?? prefix}${word.slice(prefix.length)}`;
  }
  return word;
};

const expandSpecifiers = (unit: UnitFile, text: string, context: UnitContext): string =>
  text.replaceAll(/%(.)/g, (match, specifier: string) => {
    switch (specifier) {
      case '%':
        return '%';
      case 'i':
      case 'I':
        if (context.instance === undefined) break;
        return context.instance;
      case 'n':
        return instanceName(unit, context);
    }
    throw new TaktError({
      code: 'UnitFileInvalid',
      message: `unit file ${unit.name}: specifier ${match} cannot be resolved here`,
      action: specifier === 'i' ? 'start the unit with an instance name' : 'correct the unit file',
      component: 'local-stack',
      element: unit.name,
    });
  });

const instanceName = (unit: UnitFile, context: UnitContext): string =>
  context.instance === undefined ? unit.name : unit.name.replace('@.', `@${context.instance}.`);

/** `${NAME}` is one word, `$NAME` alone is split into words: systemd's rules. Unset names are empty. */
const expandVariables = (words: readonly string[], env: Readonly<Record<string, string>>): string[] =>
  words.flatMap((word) => {
    const bare = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (bare !== undefined) return (env[bare] ?? '').split(/\s+/).filter((part) => part !== '');
    return [word.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (_match, name: string) => env[name] ?? '')];
  });

export const resolveUnit = (unit: UnitFile, context: UnitContext, fileEnvironment: Readonly<Record<string, string>> = {}): ResolvedUnit => {
  const paths = context.paths ?? {};
  const expand = (text: string): string => expandSpecifiers(unit, text, context);
  const own = Object.fromEntries(Object.entries(unit.environment).map(([key, value]) => [key, mapPath(expand(value), paths)]));
  const environment = { ...own, ...fileEnvironment, ...context.env };
  const resolveCommand = (command: UnitCommand): ResolvedCommand => {
    const [program = '', ...rest] = command.words.map(expand);
    const replaced = context.commands?.[program];
    const args = expandVariables(rest, environment).map((word) => mapPath(word, paths));
    return { argv: [...(replaced ?? [mapPath(program, paths)]), ...args], ignoreFailure: command.ignoreFailure };
  };
  return {
    name: instanceName(unit, context),
    pre: unit.execStartPre.map(resolveCommand),
    main: resolveCommand(unit.execStart),
    environment,
    environmentFiles: unit.environmentFiles.map((file) => ({ ...file, path: mapPath(expand(file.path), paths) })),
  };
};

/** `KEY=value` lines of an EnvironmentFile; quotes around a value are taken off, `#` and `;` start comments. */
export const parseEnvironmentFile = (text: string): Record<string, string> => {
  const environment: Record<string, string> = {};
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    const value = line.slice(equals + 1).trim();
    const quoted = /^(["'])(.*)\1$/s.exec(value);
    environment[line.slice(0, equals).trim()] = quoted?.[2] ?? value;
  }
  return environment;
};

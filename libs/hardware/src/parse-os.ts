import { squeeze } from './text.js';

export interface OsRelease {
  readonly id: string;
  readonly versionId: string;
  /** PRETTY_NAME: tells CentOS Linux 8 from CentOS Stream 8, whose ID and VERSION_ID are equal. */
  readonly name: string;
}

/** Reads /etc/os-release (shell assignments, quoted or not). */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Z0-9_]+)=(.*)$/.exec(line);
    if (match?.[1] !== undefined) values.set(match[1], unquote((match[2] ?? '').trim()));
  }
  const id = values.get('ID') ?? 'linux';
  const versionId = values.get('VERSION_ID') ?? '';
  const title = values.get('NAME') ?? id;
  const version = values.get('VERSION') ?? versionId;
  // Stream and Linux share PRETTY_NAME too, as shipped.
  const stream = title.includes('Stream');
  const pretty = values.get('PRETTY_NAME') ?? `${title} ${version}`;
  return { id, versionId, name: squeeze(stream && !pretty.includes('Stream') ? `${title} ${version}` : pretty) };
}

function unquote(value: string): string {
  const quote = value[0];
  if ((quote === '"' || quote === "'") && value.length >= 2 && value.endsWith(quote)) {
    const inner = value.slice(1, -1);
    return quote === '"' ? inner.replace(/\\(["$`\\])/g, '$1') : inner;
  }
  return value;
}

export interface LibcFacts {
  readonly family: 'glibc' | 'musl' | 'unknown';
  readonly version: string | null;
}

/** Reads `ldd --version`, `getconf GNU_LIBC_VERSION` or a bare `glibc 2.28`. */
export function parseLibc(text: string): LibcFacts {
  if (/musl/i.test(text)) return { family: 'musl', version: /Version\s+(\d+(?:\.\d+)+)/i.exec(text)?.[1] ?? null };
  const line = text.split(/\r?\n/).find((candidate) => /glibc|GNU libc|GNU C Library/i.test(candidate));
  if (line === undefined) return { family: 'unknown', version: null };
  // Distributions put their package version in brackets before the real one, which ends the line.
  const versions = line.replace(/\([^)]*\)/g, ' ').match(/\d+\.\d+(?:\.\d+)?/g) ?? line.match(/\d+\.\d+(?:\.\d+)?/g);
  return { family: 'glibc', version: versions?.at(-1) ?? null };
}

/** Total memory of /proc/meminfo in MiB; null where the text does not say. */
export function parseMeminfo(text: string): number | null {
  const match = /^MemTotal:\s*(\d+)\s*kB/m.exec(text);
  return match === null ? null : Math.round(Number(match[1]) / 1024);
}

/** Most names: the largest public sets of classes have about twenty thousand. */
const MOST_NAMES = 2 ** 16;

/**
 * Class names as exporters write them into a model's metadata: a Python or JSON dictionary `{0: 'scratch', …}` (also with
 * quoted keys) or a list. Undefined where the text is neither, the indices are not 0…n−1, or there are more than 65,536. Reads each
 * character once.
 */
export function parseClassNames(text: string): readonly string[] | undefined {
  const body = text.trim();
  const list = body.startsWith('[') && body.endsWith(']');
  if (!list && !(body.startsWith('{') && body.endsWith('}'))) return undefined;
  const scanner = new Scanner(body, body.length - 1);
  const names: string[] = [];
  while (scanner.nextItem()) {
    if (!list && (scanner.key() !== names.length || !scanner.skipColon())) return undefined;
    const name = scanner.quoted();
    if (name === undefined || names.length === MOST_NAMES) return undefined;
    names.push(name);
  }
  if (!scanner.atEnd) return undefined;
  return list || names.length > 0 ? names : undefined;
}

/** Reads a Python or JSON literal from left to right, and never goes back. */
class Scanner {
  private at = 1;
  private readonly text: string;
  private readonly end: number;

  constructor(text: string, end: number) {
    this.text = text;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  /** Goes to the first character of the next item; false where there is none. */
  nextItem(): boolean {
    this.skip(' \t\r\n,');
    return !this.atEnd;
  }

  /** A whole number, quoted or not. */
  key(): number | undefined {
    const quote = this.text[this.at] ?? '';
    const text = quote === "'" || quote === '"' ? this.quoted() : this.digits();
    return text !== undefined && text !== '' && text.length < 10 && /^[0-9]+$/.test(text) ? Number(text) : undefined;
  }

  skipColon(): boolean {
    this.skip(' \t\r\n');
    if (this.text[this.at] !== ':') return false;
    this.at += 1;
    this.skip(' \t\r\n');
    return true;
  }

  /** A text in quotes with its escapes resolved; undefined where none begins here or it does not end. */
  quoted(): string | undefined {
    const quote = this.text[this.at];
    if (quote !== "'" && quote !== '"') return undefined;
    const parts: string[] = [];
    let from = this.at + 1;
    for (this.at = from; this.at < this.end; this.at += 1) {
      const char = this.text[this.at];
      if (char === quote) {
        parts.push(this.text.slice(from, this.at));
        this.at += 1;
        return parts.join('');
      }
      if (char !== '\\') continue;
      parts.push(this.text.slice(from, this.at));
      const code = this.text.slice(this.at + 2, this.at + 6);
      if (this.text[this.at + 1] === 'u' && /^[0-9a-fA-F]{4}$/.test(code)) {
        parts.push(String.fromCharCode(Number.parseInt(code, 16)));
        this.at += 5;
        from = this.at + 1;
      } else {
        this.at += 1;
        from = this.at;
      }
    }
    return undefined;
  }

  private digits(): string {
    const from = this.at;
    while (this.at < this.end && (this.text[this.at] ?? '') >= '0' && (this.text[this.at] ?? '') <= '9') this.at += 1;
    return this.text.slice(from, this.at);
  }

  private skip(chars: string): void {
    while (this.at < this.end && chars.includes(this.text[this.at] ?? '')) this.at += 1;
  }
}

const PAIR = /(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;
const ITEM = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g;

/**
 * Class names as exporters write them into a model's metadata: a Python or JSON dictionary `{0: 'scratch', …}` (also with
 * quoted keys) or a list. Undefined where the text is neither, or the indices are not 0…n−1.
 */
export function parseClassNames(text: string): readonly string[] | undefined {
  const body = text.trim();
  if (body.startsWith('[') && body.endsWith(']')) return [...body.matchAll(ITEM)].map((match) => unescape(match[1] ?? match[2] ?? ''));
  if (!body.startsWith('{') || !body.endsWith('}')) return undefined;
  const names: string[] = [];
  for (const match of body.replace(/["'](\d+)["']\s*:/g, '$1:').matchAll(PAIR)) {
    if (Number(match[1]) !== names.length) return undefined;
    names.push(unescape(match[2] ?? match[3] ?? ''));
  }
  return names.length > 0 ? names : undefined;
}

const unescape = (quoted: string): string => quoted.replace(/\\(.)/g, '$1');

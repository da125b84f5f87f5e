/** Element of a document without mixed content, namespaces or entities beyond the five of XML. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: OpenElement[];
}

const TOKEN = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<!DOCTYPE[^>]*>|<(\/?)([A-Za-z_][\w.:-]*)[^>]*?(\/?)>|([^<]+)|</g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };

/**
 * Reads the XML that `nvidia-smi -q -x` prints. Undefined where there is no element at all; a document that was cut off
 * gives the elements up to the cut.
 */
export function parseXml(source: string): XmlElement | undefined {
  const root: OpenElement = { name: '', text: '', children: [] };
  const open: OpenElement[] = [root];
  for (const match of source.matchAll(TOKEN)) {
    const [, cdata, slash, name, selfClosing, text] = match;
    const top = open.at(-1) ?? root;
    if (text !== undefined) top.text += text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity);
    else if (cdata !== undefined) top.text += cdata;
    else if (name !== undefined && slash === '/') {
      const at = open.findLastIndex((element) => element.name === name);
      if (at > 0) open.length = at;
    } else if (name !== undefined) {
      const element: OpenElement = { name, text: '', children: [] };
      top.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  return root.children[0];
}

/** First descendant along a path of names. */
export function at(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((found, name) => found?.children.find((child) => child.name === name), element);
}

/** Trimmed text at a path; undefined for a missing element, `N/A`, `None` and an empty one. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const text = at(element, ...path)?.text.trim();
  return text === undefined || text === '' || /^(?:\[?N\/A\]?|None|\[Not Supported\])$/i.test(text) ? undefined : text;
}

export const childrenNamed = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? [];

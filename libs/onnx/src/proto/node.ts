import { AttributeType } from './messages.js';
import type { AttributeProto, NodeProto } from './messages.js';

/** Value of an attribute that `makeNode` writes: a bigint or whole number becomes an INT, a list of them INTS. */
export type AttributeValue = bigint | readonly bigint[];

/** A node of the standard domain. */
export function makeNode(
  opType: string,
  name: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  return { opType, name, input, output, attribute: Object.entries(attributes).map(([key, value]) => makeAttribute(key, value)) };
}

function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  const empty = { name, floats: [], ints: [], strings: [], graphs: [] };
  return typeof value === 'bigint' ? { ...empty, type: AttributeType.int, i: value } : { ...empty, type: AttributeType.ints, ints: value };
}

export const attributeOf = (node: NodeProto, name: string): AttributeProto | undefined => node.attribute.find((a) => a.name === name);

export const intAttribute = (node: NodeProto, name: string, fallback: number): number => {
  const value = attributeOf(node, name)?.i;
  return value === undefined ? fallback : Number(value);
};

/** How a node is called in messages: its name, or its operator and first output where it has none. */
export const nodeLabel = (node: NodeProto): string => {
  const name = node.name ?? '';
  return name === '' ? `${node.opType ?? '?'} → ${node.output[0] ?? '?'}` : name;
};

import type { TensorData } from '@takt/engines';

/** Element types that cross the engine port, by OpenVINO's names for them. */
const PORT_TYPES: Readonly<Record<string, TensorData['type']>> = { F32: 'float32', U8: 'uint8', I8: 'int8', I32: 'int32', I64: 'int64' };

/** Element types of one OpenVINO release. */
export interface ElementTypes {
  /** OpenVINO's number for a type of the engine port. */
  numberOf(type: TensorData['type']): number;
  /** The engine port's name where it has one, else OpenVINO's in small letters, e.g. `f16`. */
  nameOf(number: number): string;
}

/**
 * Reads the numbers of `ov_element_type_e` from the header of the release that is loaded: they move between releases, and a
 * wrong one would read an output as another type without any error.
 *
 * @returns undefined where the header does not number every type that takt needs.
 */
export function parseElementTypes(header: string): ElementTypes | undefined {
  const body = /typedef\s+enum\s*\w*\s*\{([^}]*)\}\s*ov_element_type_e\s*;/.exec(withoutComments(header))?.[1];
  if (body === undefined) return undefined;
  const numbers = new Map<string, number>();
  let next = 0;
  for (const entry of body.split(',')) {
    const [name, value] = entry.split('=').map((part) => part.trim());
    if (name === undefined || name === '') continue;
    if (value !== undefined) next = Number.parseInt(value, 10);
    if (Number.isNaN(next)) return undefined;
    numbers.set(name, next);
    next += 1;
  }
  const byType = new Map<string, number>();
  const byNumber = new Map<number, string>();
  for (const [name, number] of numbers) {
    const type = PORT_TYPES[name];
    if (type !== undefined) byType.set(type, number);
    byNumber.set(number, type ?? name.toLowerCase());
  }
  if (byType.size !== Object.keys(PORT_TYPES).length) return undefined;
  return {
    numberOf: (type) => byType.get(type) as number,
    nameOf: (number) => byNumber.get(number) ?? `element type ${String(number)}`,
  };
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');

import { TaktError } from '@takt/kernel';

export type Fields = Readonly<Record<string, unknown>>;

/** How a file's content is refused: one code and next action, the place named. */
export type Refuse = (what: string) => never;

/** Longest part of a foreign value that a message repeats. */
const SHOWN = 60;

export function refuseCoco(source: string): Refuse {
  return (what) => {
    throw new TaktError({
      code: 'CocoFileInvalid',
      message: `${source}: ${what}`,
      action:
        'give COCO JSON: ground truth with images, categories and annotations; detections as a list with image_id, category_id, bbox and score',
      component: 'evaluation',
      element: source,
    });
  };
}

/** A foreign value in a message: as JSON, cut. */
export const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN);

export function fieldsOf(value: unknown, refuse: Refuse, where: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : refuse(`${where} is not an object`);
}

export function listOf(top: Fields, name: string, refuse: Refuse): Fields[] {
  const value = top[name];
  if (!Array.isArray(value)) return refuse(`has no list "${name}"`);
  return value.map((entry: unknown, index) => fieldsOf(entry, refuse, `${name}[${String(index)}]`));
}

export function numberOf(entry: Fields, name: string, refuse: Refuse, where: string): number {
  const value = entry[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(`${where} has no number "${name}"`);
}

export function integerOf(entry: Fields, name: string, refuse: Refuse, where: string): number {
  const value = numberOf(entry, name, refuse, where);
  return Number.isSafeInteger(value) ? value : refuse(`${where} has no whole number "${name}"`);
}

/** Left, top, width, height; sizes may be 0 (COCO's own files hold such boxes), not negative. */
export function boxOf(entry: Fields, refuse: Refuse, where: string): [number, number, number, number] {
  const value = entry['bbox'];
  if (!Array.isArray(value) || value.length !== 4 || value.some((item) => typeof item !== 'number' || !Number.isFinite(item))) {
    return refuse(`${where} has no "bbox" of four numbers`);
  }
  const [x, y, width, height] = value as [number, number, number, number];
  if (width < 0 || height < 0) return refuse(`${where} has a "bbox" of negative size, ${shown(value)} (it is x, y, width, height)`);
  return [x, y, width, height];
}

/** Refuses a key that came before, naming both entries of the list. */
export function requireUnique(keys: readonly (number | string)[], list: string, what: string, refuse: Refuse): void {
  const seen = new Map<number | string, number>();
  keys.forEach((key, index) => {
    const before = seen.get(key);
    if (before !== undefined) refuse(`${list}[${String(before)}] and ${list}[${String(index)}] have the same ${what}, ${shown(key)}`);
    seen.set(key, index);
  });
}

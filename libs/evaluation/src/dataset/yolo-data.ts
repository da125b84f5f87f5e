import { TaktError } from '@takt/kernel';

/** A parsed data.yaml: where the images of a split are, and the class names. */
export interface YoloData {
  /** Root folder as written (relative to the file's own folder, or absolute); `.` where the file gives none. */
  readonly path: string;
  /** Folders of the split, relative to `path` or absolute. */
  readonly images: readonly string[];
  readonly names: readonly string[];
}

/**
 * Checks the content of a YOLO data.yaml (already parsed) and takes one split out of it.
 *
 * @param source name of the file, for messages.
 * @throws TaktError `DatasetFileInvalid` when names or the split are missing or have another shape.
 */
export function readYoloData(document: unknown, split: string, source: string): YoloData {
  const fail = (what: string): never => {
    throw new TaktError({
      code: 'DatasetFileInvalid',
      message: `${source} ${what}`,
      action: `give it "names" (a list of class names) and "${split}" (the folder of its images), as YOLOv5 data sets have`,
      component: 'evaluation',
      element: source,
    });
  };
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return fail('is not a YAML mapping');
  const { path, names, [split]: folders } = document as Record<string, unknown>;
  if (path !== undefined && path !== null && typeof path !== 'string') return fail('has a "path" that is no text');
  const list = typeof folders === 'string' ? [folders] : folders;
  if (!isTextList(list) || list.length === 0) return fail(`names no image folder for "${split}"`);
  const classNames = isTextList(names) ? names : namesByIndex(names);
  if (classNames === undefined || classNames.length === 0) return fail('has no usable "names"');
  return { path: path ?? '.', images: list, names: classNames };
}

const isTextList = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string');

/** `{0: crazing, 1: patches}`: indices must run from 0 without gaps. */
function namesByIndex(names: unknown): string[] | undefined {
  if (typeof names !== 'object' || names === null || Array.isArray(names)) return undefined;
  const entries = Object.entries(names as Record<string, unknown>).sort(([a], [b]) => Number(a) - Number(b));
  return entries.every(([key, name], index) => key === String(index) && typeof name === 'string')
    ? entries.map(([, name]) => name as string)
    : undefined;
}

import { TaktError } from '@takt/kernel';
import type { GoldenSet } from './golden-set.js';

/**
 * Without an object to find every file is equally accurate, and an accuracy budget decides nothing. Crowds are not looked for.
 *
 * @throws TaktError `GoldenSetUnlabelled`.
 */
export function requireObjects(golden: Pick<GoldenSet, 'images'>, file: string): void {
  if (golden.images.some(({ objects }) => objects.some(({ crowd }) => !crowd))) return;
  throw new TaktError({
    code: 'GoldenSetUnlabelled',
    message: `none of the ${String(golden.images.length)} images of ${file} has a labelled object, so accuracy cannot be measured`,
    action: 'add its labels (YOLO: labels/… beside images/…; COCO: "annotations"), or name another set',
    component: 'worker',
    element: file,
  });
}

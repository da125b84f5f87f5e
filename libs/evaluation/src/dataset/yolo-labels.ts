import { TaktError } from '@takt/kernel';
import type { LabelledObject } from './labelled-object.js';

/** Labels written with six decimals may leave the picture by their rounding. */
const ROUNDING = 1e-4;

/**
 * Parses a YOLO label file: per object one row `class x y width height`, centre and size as fractions of the image, 0–1.
 *
 * @param source name of the file, for messages.
 * @throws TaktError `LabelFileInvalid` naming file and row when a row has other fields, an unknown class or values outside 0–1.
 */
export function parseYoloLabels(text: string, classes: number, source: string): LabelledObject[] {
  const objects: LabelledObject[] = [];
  text.split(/\r?\n/).forEach((row, index) => {
    const fields = row.trim();
    if (fields === '') return;
    const fail = (what: string): never => {
      throw new TaktError({
        code: 'LabelFileInvalid',
        message: `${source}, row ${String(index + 1)}: ${what}`,
        action:
          'write each object as "class x y width height": the class below the number of names, the rest as fractions 0 to 1 of the image',
        component: 'evaluation',
        element: source,
      });
    };
    const values = fields.split(/\s+/).map(Number);
    if (values.length !== 5 || values.some((value) => !Number.isFinite(value))) fail(`"${fields.slice(0, 60)}" is not five numbers`);
    const [classId, centreX, centreY, width, height] = values as [number, number, number, number, number];
    if (!Number.isInteger(classId) || classId < 0 || classId >= classes) {
      fail(`class ${String(classId)} is not one of 0 to ${String(classes - 1)}`);
    }
    if ([centreX, centreY, width, height].some((value) => value < -ROUNDING || value > 1 + ROUNDING)) fail('a value lies outside 0 to 1');
    const bbox = [centreX - width / 2, centreY - height / 2, width, height] as const;
    objects.push({ classId, bbox, unit: 'fractions', area: null, crowd: false });
  });
  return objects;
}

/** Path of the label file of an image: the last `images` folder becomes `labels`, the extension `.txt`; beside it otherwise. */
export function labelPath(imagePath: string): string {
  const stem = imagePath.replace(/\.[^./\\]+$/, '');
  const at = stem.lastIndexOf('/images/');
  return `${at < 0 ? stem : `${stem.slice(0, at)}/labels/${stem.slice(at + '/images/'.length)}`}.txt`;
}

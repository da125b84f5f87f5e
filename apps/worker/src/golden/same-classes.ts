import { TaktError } from '@takt/kernel';
import type { LabelledModel } from './golden-set.js';

/**
 * Accuracy is only meaningful when model and labels number the same classes.
 *
 * @throws TaktError `ClassesDiffer`.
 */
export function requireSameClasses(model: LabelledModel, names: readonly string[], dataYaml: string): void {
  const { classes } = model.detector;
  const wrong = (what: string): TaktError =>
    new TaktError({
      code: 'ClassesDiffer',
      message: `${dataYaml} ${what}`,
      action: 'use the labelled set that belongs to this model, with its classes in the same order',
      component: 'worker',
      element: dataYaml,
    });
  if (names.length !== classes) throw wrong(`names ${String(names.length)} classes, ${model.name} detects ${String(classes)}`);
  const different = names.findIndex((name, index) => model.names.length > 0 && model.names[index] !== name);
  if (different >= 0) {
    throw wrong(`calls class ${String(different)} "${names[different] ?? ''}", ${model.name} calls it "${model.names[different] ?? ''}"`);
  }
}

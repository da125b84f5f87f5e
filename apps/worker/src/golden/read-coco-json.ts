import { TaktError } from '@takt/kernel';
import { TextLimit, readText } from '../process/read-text.js';

/** A COCO file as a value not yet checked. Throws TaktError `CocoFileInvalid` where it is missing or is no JSON. */
export async function readCocoJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path, TextLimit.coco));
  } catch (error) {
    throw new TaktError({
      code: 'CocoFileInvalid',
      message: `${path} is not readable JSON: ${error instanceof Error ? error.message : String(error)}`,
      action: 'name a file with COCO JSON',
      component: 'worker',
      element: path,
      cause: error,
    });
  }
}

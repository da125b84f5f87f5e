import { readRegularFile } from '@takt/durable-fs';

const MIB = 1024 * 1024;

/** Largest text files that a job reads, bytes, by kind. */
export const TextLimit = {
  /** A job names paths and options only. */
  job: 16 * MIB,
  /** `data.yaml`: class names and folders. */
  dataSet: 4 * MIB,
  /** Labels of one image: over 100 000 objects. */
  labels: 16 * MIB,
  /** COCO's largest file has 448 MiB; a string of JavaScript holds 512 MiB. */
  coco: 511 * MIB,
  /** Statistics of a model: the control plane takes 64 MiB by default. */
  statistics: 511 * MIB,
} as const;

/** Text of a regular file. @throws what `readRegularFile` throws. */
export const readText = async (path: string, maxBytes: number): Promise<string> =>
  new TextDecoder().decode(await readRegularFile(path, maxBytes));

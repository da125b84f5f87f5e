/** An object that people marked in an image, whatever format the label came in. */
export interface LabelledObject {
  /** Index into the class names. */
  readonly classId: number;
  /** Left, top, width and height in `unit`. */
  readonly bbox: readonly [number, number, number, number];
  /** Pixels of the image as it is decoded, or fractions of its width and height. */
  readonly unit: 'pixels' | 'fractions';
  /** Pixels²; null where it is the box's. */
  readonly area: number | null;
  /** A region with many objects that were not marked one by one: detections in it count neither way. */
  readonly crowd: boolean;
}

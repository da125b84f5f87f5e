/** Centre x, centre y, width and height, in network pixels. */
export type CentredBox = readonly [x: number, y: number, width: number, height: number];

/** Terms of a box, before objectness and classes. */
export const BOX_TERMS = 4;
/** Bins of the distribution that YOLOv8 and later give for each side of a box (Ultralytics' `reg_max`). */
export const DFL_BINS = 16;

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** YOLOv5 v6 and later, on one axis: `cell` is the prediction's column or row. */
export const yolov5Centre = (logit: number, cell: number, stride: number): number => (2 * sigmoid(logit) - 0.5 + cell) * stride;

/** YOLOv5 v6 and later: size as a multiple of the anchor's. */
export const yolov5Extent = (logit: number): number => (2 * sigmoid(logit)) ** 2;

/** YOLOX: centre relative to the cell and logarithm of the size, both in strides. */
export const yoloxBox = ([x, y, width, height]: CentredBox, cellX: number, cellY: number, stride: number): CentredBox => [
  (x + cellX) * stride,
  (y + cellY) * stride,
  Math.exp(width) * stride,
  Math.exp(height) * stride,
];

/** YOLOv8 and later: `sideAt(0…3)` are the distances of the box's sides from the cell's centre (left, top, right, bottom), in strides. */
export function yolov8Box(sideAt: (side: number) => number, cellX: number, cellY: number, stride: number): CentredBox {
  const [left, top, right, bottom] = [sideAt(0), sideAt(1), sideAt(2), sideAt(3)];
  return [
    (cellX + 0.5 + (right - left) / 2) * stride,
    (cellY + 0.5 + (bottom - top) / 2) * stride,
    (left + right) * stride,
    (top + bottom) * stride,
  ];
}

/** Mean of the distribution whose logits are `logitAt(0…15)`, in strides. */
export function meanBin(logitAt: (bin: number) => number): number {
  let largest = -Infinity;
  for (let bin = 0; bin < DFL_BINS; bin += 1) largest = Math.max(largest, logitAt(bin));
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < DFL_BINS; bin += 1) {
    const weight = Math.exp(logitAt(bin) - largest);
    sum += weight;
    weighted += weight * bin;
  }
  return weighted / sum;
}

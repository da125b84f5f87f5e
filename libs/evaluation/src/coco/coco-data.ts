/** Ground truth and detections as COCO's JSON has them; boxes are x, y, width, height in pixels. */
export interface CocoImage {
  readonly id: number;
}

export interface CocoCategory {
  readonly id: number;
  readonly name: string;
}

export interface CocoAnnotation {
  readonly imageId: number;
  readonly categoryId: number;
  readonly bbox: readonly [number, number, number, number];
  /** Pixels; decides which size range the object belongs to. Not always width · height (masks). */
  readonly area: number;
  /** A region with many objects: may match many detections, which then count neither way. */
  readonly crowd: boolean;
}

export interface CocoDetection {
  readonly imageId: number;
  readonly categoryId: number;
  readonly bbox: readonly [number, number, number, number];
  readonly score: number;
}

export interface CocoGroundTruth {
  readonly images: readonly CocoImage[];
  readonly categories: readonly CocoCategory[];
  readonly annotations: readonly CocoAnnotation[];
}

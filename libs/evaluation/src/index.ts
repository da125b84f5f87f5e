export { createResizer, roundHalfEven } from './image/bilinear-resize.js';
export type { Resizer } from './image/bilinear-resize.js';
export { LETTERBOX_PAD, createLetterbox, letterboxGeometry } from './image/letterbox.js';
export type { LetterboxGeometry, LetterboxPlacement, Letterboxed } from './image/letterbox.js';
export { toPlanarBytes, toPlanarFloat } from './image/planar.js';
export type { RgbImage } from './image/rgb-image.js';
export { EVALUATION_THRESHOLDS, SERVING_THRESHOLDS } from './detect/box.js';
export type { Box, DetectionThresholds } from './detect/box.js';
export { createDetector, decodeHead } from './detect/detector.js';
export type { Detection, DetectionTimings, Detector, DetectorOptions, Infer } from './detect/detector.js';
export { createPreprocessor } from './detect/preprocessor.js';
export type { DecodeImage, DetectorModel, Preprocessed } from './detect/preprocessor.js';
export { suppress } from './detect/suppression.js';
export { toFrame } from './detect/to-frame.js';
export { BOX_TERMS, DFL_BINS, meanBin, sigmoid, yolov5Centre, yolov5Extent, yolov8Box } from './detect/box-terms.js';
export type { CentredBox } from './detect/box-terms.js';
export type { Candidates } from './detect/candidates.js';
export { decodeLogits } from './detect/decode-logits.js';
export { decodeOutput } from './detect/decode-output.js';
export {
  DETECTOR_METADATA,
  DetectorFamily,
  FAMILY_PIXELS,
  formatDetectorDescription,
  parseDetectorDescription,
} from './detect/detector-description.js';
export type { DetectorDescription, DetectorHead, LogitOutput, LogitRole, LogitScale, PixelFormat } from './detect/detector-description.js';
export type { NetworkOutput, NetworkOutputs } from './detect/network-output.js';
export type { CocoAnnotation, CocoCategory, CocoDetection, CocoGroundTruth, CocoImage } from './coco/coco-data.js';
export { evaluateCoco } from './coco/evaluate-coco.js';
export type { CategoryAccuracy, CocoAccuracy } from './coco/evaluate-coco.js';
export { readCocoDetections, readCocoGroundTruth } from './dataset/coco-json.js';
export { readCocoDataSet } from './dataset/coco-data-set.js';
export type { ClassAssignment, ClassesOfModel, CocoDataSet, CocoLabelledImage } from './dataset/coco-data-set.js';
export { toCoco } from './dataset/golden-truth.js';
export type { EvaluatedImage } from './dataset/golden-truth.js';
export { readYoloData } from './dataset/yolo-data.js';
export type { YoloData } from './dataset/yolo-data.js';
export { labelPath, parseYoloLabels } from './dataset/yolo-labels.js';
export type { LabelledObject } from './dataset/labelled-object.js';

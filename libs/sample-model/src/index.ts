import { fileURLToPath } from 'node:url';

/** `src` and `dist` lie beside `assets`, so the same path holds for both. */
const asset = (path: string): string => fileURLToPath(new URL(`../assets/${path}`, import.meta.url));

/** The sample detector: YOLOv5 output, input 1×3×320×320, class names in the metadata. */
export const sampleModelPath = (): string => asset('detector.onnx');

/** The same detector after quantization-aware fine-tuning, with the Q and DQ nodes of it. */
export const sampleTrainedModelPath = (): string => asset('detector-qat.onnx');

/** Folder of the images that ranges are measured on. */
export const sampleCalibrationPath = (): string => asset('calibration');

/** data.yaml of the labelled images that accuracy is measured on. */
export const sampleGoldenPath = (): string => asset('golden/data.yaml');

/** Folder of the labelled set: data.yaml, images and labels. */
export const sampleGoldenFolder = (): string => asset('golden');

/** Folder that a line can be served from. */
export const sampleFramesPath = (): string => asset('golden/images');

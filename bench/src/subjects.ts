import { join } from 'node:path';

/** A detector that is measured, with the images for it. */
export interface Subject {
  readonly name: string;
  readonly model: string;
  /** Folder of calibration images. */
  readonly calibration: string;
  /** data.yaml, or null where there are no labels. */
  readonly data: string | null;
  /** Side of the square input in pixels. */
  readonly size: number;
  readonly family: 'yolov5' | 'yolox';
}

const assets = join(import.meta.dirname, '..', '..', 'libs', 'sample-model', 'assets');
const sampleData = { calibration: join(assets, 'calibration'), data: join(assets, 'golden', 'data.yaml') };

/** The sample detector after quantization-aware fine-tuning. */
export const trainedSubject = (): Pick<Subject, 'model' | 'calibration' | 'data'> => ({
  model: join(assets, 'detector-qat.onnx'),
  ...sampleData,
});

/** The sample detector, and the reference detectors where `TAKT_REFERENCE_DIR` names a folder with them. */
export function subjects(say: (text: string) => void): readonly Subject[] {
  const own: Subject = {
    name: 'sample detector (YOLOv5n, 320)',
    model: join(assets, 'detector.onnx'),
    ...sampleData,
    size: 320,
    family: 'yolov5',
  };
  const reference = process.env['TAKT_REFERENCE_DIR'];
  if (reference === undefined) {
    say('skipped: the reference detectors (TAKT_REFERENCE_DIR names no folder with them)');
    return [own];
  }
  const neu = join(reference, 'data', 'neu-yolov5n');
  return [
    own,
    {
      name: 'steel defects (YOLOv5n, 256)',
      model: join(neu, 'model.onnx'),
      calibration: join(neu, 'calibration', 'images'),
      data: join(neu, 'golden', 'data.yaml'),
      size: 256,
      family: 'yolov5',
    },
    {
      name: 'YOLOX-nano (416, depthwise)',
      model: join(reference, 'data', 'models', 'yolox_nano.onnx'),
      calibration: join(neu, 'calibration', 'images'),
      data: null,
      size: 416,
      family: 'yolox',
    },
  ];
}

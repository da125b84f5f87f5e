import type { WorkerResult } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { formatMap, formatMs, formatPoints, formatRatio } from './figures.js';
import { joinSections, section } from './sections.js';
import { renderPairs, renderTable } from './table.js';

type Result<K extends WorkerResult['kind']> = Omit<Extract<WorkerResult, { kind: K }>, 'kind'>;

/** How the categories of COCO JSON became classes. */
const CLASSES_BY = { name: 'matched by name', 'id-order': 'categories in the order of their ids' } as const;

/** What is lost, as the heading of a column. */
const LOST = { labels: 'Points lost', 'own-boxes': 'Boxes lost (%)', outputs: 'Outputs off by (%)' } as const;
/** What that was measured on. */
const MEASURED_ON = {
  labels: 'labelled images',
  'own-boxes': 'calibration images, against what FP32 finds there',
  outputs: "calibration images, against FP32's outputs",
} as const;

export function renderQuantized(result: Result<'quantize'>, style: Style): string {
  type Row = Pick<Result<'quantize'>['targets'][string], 'map50' | 'map50_95'>;
  const rows = [
    { target: 'fp32', file: '', precision: 'fp32', reason: 'the model in float', lost: 0, reverted: [] as string[], ...result.fp32 },
    ...Object.entries(result.targets).map(([target, row]) => ({ target, ...row })),
  ];
  const { by, budget, images } = result.loss;
  // Without labels there is no mAP, and two empty columns would say nothing.
  const accuracy =
    by === 'labels'
      ? [
          { heading: 'mAP@0.5', value: (row: Row) => formatMap(row.map50), align: 'right' as const },
          { heading: 'mAP@0.5:0.95', value: (row: Row) => formatMap(row.map50_95), align: 'right' as const },
        ]
      : [];
  return joinSections(
    renderTable(
      [
        { heading: 'Target', value: (row) => row.target },
        { heading: 'Precision', value: (row) => row.precision },
        { heading: 'Latency (ms)', value: (row) => formatMs(row.latencyMs), align: 'right' },
        ...accuracy,
        { heading: LOST[by], value: (row) => formatPoints(row.lost), align: 'right' },
        { heading: 'Layers in float', value: (row) => String(row.reverted.length), align: 'right' },
        { heading: 'Why', value: (row) => row.reason },
      ],
      rows,
      style,
    ),
    renderPairs(
      [
        ...(result.classesBy === undefined ? [] : [['Classes', CLASSES_BY[result.classesBy]] as const]),
        [
          'Measured on',
          `${String(images)} ${MEASURED_ON[by]}; at most ${formatPoints(budget)} ${by === 'labels' ? 'points' : '%'} may be lost`,
        ],
        ['Statistics', result.statistics],
        ...Object.entries(result.targets).map(([target, row]) => [target, row.file] as const),
      ],
      style,
    ),
  );
}

/** Names of pycocotools' twelve figures, in its order. */
const COCO_FIGURES = [
  'AP@0.5:0.95',
  'AP@0.5',
  'AP@0.75',
  'AP small',
  'AP medium',
  'AP large',
  'AR, 1 detection',
  'AR, 10 detections',
  'AR, 100 detections',
  'AR small',
  'AR medium',
  'AR large',
];

export function renderEvaluated(result: Result<'evaluate'>, style: Style): string {
  return joinSections(
    renderPairs(
      [
        ['Images', String(result.images)],
        ['Ground truth', String(result.groundTruth)],
        ['Detections', String(result.detections)],
        ...(result.classesBy === undefined ? [] : [['Classes', CLASSES_BY[result.classesBy]] as const]),
        ['mAP@0.5', formatMap(result.map50)],
        ['mAP@0.5:0.95', formatMap(result.map50_95)],
      ],
      style,
    ),
    section(
      style.bold('COCO figures'),
      renderPairs(
        result.stats.map((value, index) => [COCO_FIGURES[index] ?? '', formatMap(value)] as const),
        style,
      ),
    ),
    section(
      style.bold('Classes'),
      result.perClass.length === 0
        ? ''
        : renderTable(
            [
              { heading: 'Class', value: (row) => row.name },
              { heading: 'AP@0.5', value: (row) => formatMap(row.ap50), align: 'right' },
              { heading: 'AP@0.5:0.95', value: (row) => formatMap(row.ap), align: 'right' },
            ],
            result.perClass,
            style,
          ),
    ),
  );
}

export const renderBench = (rows: Result<'benchmark'>['rows'], style: Style): string =>
  renderTable(
    [
      { heading: 'Model', value: (row) => row.model },
      { heading: 'Engine', value: (row) => row.engine },
      { heading: 'Threads', value: (row) => (row.threads === 0 ? 'default' : String(row.threads)), align: 'right' },
      { heading: 'Median (ms)', value: (row) => formatMs(row.medianMs), align: 'right' },
      { heading: 'p95 (ms)', value: (row) => formatMs(row.p95Ms), align: 'right' },
      { heading: 'Speed against first (×)', value: (row) => formatRatio(row.ratioToFirst), align: 'right' },
    ],
    rows,
    style,
  );

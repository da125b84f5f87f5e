import type { FitTrail } from '../build/fit-budget.js';
import type { QualityGate } from '../quality/quality.js';
import type { MeasuredVariant } from './choose-variant.js';

export interface ReportContent {
  readonly model: string;
  readonly gate: Pick<QualityGate, 'basis' | 'heading'>;
  readonly reason: string;
  readonly measured: readonly MeasuredVariant[];
  readonly reference: MeasuredVariant;
  readonly chosen: MeasuredVariant;
  readonly notes: readonly string[];
  /** What had to be bought back, where something had. */
  readonly fitted: readonly (Omit<FitTrail, 'reverted'> & { readonly name: string })[];
  /** Files for other engines. */
  readonly others: readonly {
    readonly target: string;
    readonly file: string;
    readonly precision: string;
    readonly map50: number | null;
    readonly map50_95: number | null;
    readonly lost: number;
    readonly reason: string;
  }[];
}

const percent = (value: number | null): string => (value === null ? '–' : (value * 100).toFixed(2));

/** `report.md`: what was measured on this machine and what was taken, for people. */
export function report({ model, gate, reason, measured, reference, chosen, notes, fitted, others }: ReportContent): string {
  const rows = measured.map((variant) => {
    const cells = [
      variant === chosen ? `**${variant.name}**` : variant.name,
      variant.threads.intraOp === 0 ? 'library' : String(variant.threads.intraOp),
      variant.latencyMs.toFixed(2),
      `${(reference.latencyMs / variant.latencyMs).toFixed(2)}×`,
      percent(variant.map50),
      percent(variant.map50_95),
      variant.lost.toFixed(2),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `# ${model}`,
    '',
    reason,
    '',
    gate.basis,
    '',
    `| artifact | threads | median ms | speed | mAP@0.5 | mAP@0.5:0.95 | ${gate.heading} |`,
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...notes.map((note) => `- ${note}`),
    '',
    ...fitted.flatMap((each) => trailSection(each, gate.heading)),
    ...(others.length === 0
      ? []
      : [
          '## Other engines',
          '',
          'Their accuracy is foretold by ONNX Runtime on the same grid of numbers.',
          '',
          `| engine | file | precision | mAP@0.5 | mAP@0.5:0.95 | ${gate.heading} | why |`,
          '|---|---|---|---|---|---|---|',
          ...others.map(
            (other) =>
              `| ${[other.target, other.file, other.precision, percent(other.map50), percent(other.map50_95), other.lost.toFixed(2), other.reason].join(' | ')} |`,
          ),
          '',
        ]),
  ].join('\n');
}

/** Which layers cost the accuracy, and what was tried. */
function trailSection({ name, worst, steps, revertedLayers }: ReportContent['fitted'][number], lostHeading: string): string[] {
  const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return [
    `## Accuracy of ${name}`,
    '',
    'All layers in integers lose more than the budget. Share of the error that goes when a layer alone is left in float:',
    '',
    '| layer | share of the error |',
    '|---|---|',
    ...worst.map((each) => `| ${each.layer} | ${share(each.share)} |`),
    '',
    ...(steps.length === 0
      ? []
      : [
          `| back to float | ${lostHeading} | ms before | ms after | |`,
          '|---|---|---|---|---|',
          ...steps.map(({ layers, lost, latencyMs, refused }) => {
            const cells = [
              layers.join(', '),
              lost.toFixed(2),
              latencyMs === null ? '–' : latencyMs.before.toFixed(2),
              latencyMs === null ? '–' : latencyMs.after.toFixed(2),
              refused === null ? 'kept' : `to integers again: it ${refused}`,
            ];
            return `| ${cells.join(' | ')} |`;
          }),
          '',
          revertedLayers.length === 0 ? 'None of these is in the file.' : `In float in the file: ${revertedLayers.join(', ')}.`,
          '',
        ]),
  ];
}

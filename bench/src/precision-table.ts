/** What `quantize` gives of one model, as far as it is compared. */
export interface Quantized {
  readonly targets: Readonly<Record<string, QuantizedTarget>>;
  readonly fp32: { readonly map50: number | null; readonly map50_95: number | null; readonly latencyMs: number };
}

export interface QuantizedTarget {
  readonly file: string;
  readonly precision: string;
  readonly map50: number | null;
  readonly map50_95: number | null;
  readonly latencyMs: number | null;
  readonly reverted: readonly string[];
  readonly reason: string;
}

const percent = (value: number | null): string => (value === null ? '–' : (value * 100).toFixed(2));

/**
 * FP32, FP16, INT8 after training and INT8 of quantization-aware training side by side, as rows of a Markdown table.
 *
 * @param float the detector as it was trained.
 * @param trained the same after fine-tuning with rounding.
 */
export function precisionTable(float: Quantized, trained: Quantized): string {
  const row = (name: string, { map50, map50_95 }: Pick<QuantizedTarget, 'map50' | 'map50_95'>, ms: number | null, reverted = 0): string =>
    `| ${[name, percent(map50), percent(map50_95), ms === null ? '–' : ms.toFixed(2), String(reverted)].join(' | ')} |`;
  const integers = (label: string, { targets }: Quantized): string[] =>
    (['onnxruntime', 'openvino', 'tensorrt'] as const).flatMap((target) => {
      const made = targets[target];
      return made === undefined
        ? []
        : [row(`${made.precision.toUpperCase()} ${label}, ${target}`, made, made.latencyMs, made.reverted.length)];
    });
  const half = float.targets['myriad'];
  return [
    '| sample detector | mAP@0.5 | mAP@0.5:0.95 | ms | layers in float |',
    '|---|---|---|---|---|',
    row('FP32', float.fp32, float.fp32.latencyMs),
    ...(half === undefined ? [] : [row('FP16', half, null)]),
    ...integers('PTQ', float),
    row('FP32 after fine-tuning with rounding', trained.fp32, trained.fp32.latencyMs),
    ...integers('QAT', trained),
  ].join('\n');
}

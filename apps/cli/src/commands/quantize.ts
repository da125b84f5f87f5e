import { resolve } from 'node:path';
import { imagePixelsSchema, modelFamilySchema, quantizeTargetSchema, quantizedFormatSchema } from '@takt/contracts';
import type { ImagePixels, ModelFamily, QuantizeTarget, QuantizedFormat } from '@takt/contracts';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { withJson } from '../options/common-options.js';
import { integerIn, numberIn, threadChoice } from '../options/parse-values.js';
import { ExitCode } from '../output/report-error.js';
import { renderQuantized } from '../render/worker-results.js';
import { show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { runWorkerJob } from '../worker/run-worker-job.js';

interface Options extends CommonOptions {
  readonly model: string;
  readonly calibration: string;
  readonly sample: number;
  readonly seed: number;
  readonly data?: string;
  readonly images?: string;
  readonly out: string;
  readonly budget: number;
  readonly outputBudget: number;
  readonly format: QuantizedFormat;
  readonly family: ModelFamily;
  readonly pixels: ImagePixels;
  readonly threads: 'sweep' | 'library-default' | number[];
  readonly targets: QuantizeTarget[];
}

const targetChoice = (text: string): QuantizeTarget[] =>
  text.split(',').map((name) => {
    const target = quantizeTargetSchema.safeParse(name.trim());
    if (!target.success) throw new InvalidArgumentError(`"${name}" is none of ${quantizeTargetSchema.options.join(', ')}`);
    return target.data;
  });

export function registerQuantize(program: Command, cli: Cli): void {
  const quantize = withJson(program.command('quantize'))
    .description('quantize a model on this machine; it stays in float where int8 is slower or loses too much')
    .requiredOption('--model <file>', 'ONNX model')
    .requiredOption('--calibration <folder>', 'images that ranges are taken from, searched recursively')
    .requiredOption('--out <folder>', 'where the files go')
    .option('--sample <n>', 'calibration images to use at most', integerIn(1, 1_000_000), 500)
    .option('--seed <n>', 'seed of the choice of images', integerIn(0, 2 ** 32 - 1), 0)
    .option(
      '--data <file>',
      'labelled set: data.yaml (YOLO) or a .json file (COCO); without one an artifact is compared with what FP32 itself gives',
    )
    .option('--images <folder>', 'images of COCO JSON (default: looked for near it)')
    .option('--budget <points>', 'with --data: allowed drop of mAP@0.5:0.95 against FP32, in points', numberIn(0, 100, 'points'), 0.4)
    .addOption(
      new Option('--format <format>', 'of the INT8 file for ONNX Runtime; the others are always Q and DQ')
        .choices(quantizedFormatSchema.options)
        .default('qdq'),
    )
    .addOption(
      new Option('--family <family>', 'what the model is; generic is any network of one image, steered by its outputs')
        .choices(modelFamilySchema.options)
        .default('auto'),
    )
    .addOption(
      new Option('--pixels <format>', 'with --family generic: what images become, stretched to the input; imagenet is RGB 0–1, normalized')
        .choices(imagePixelsSchema.options)
        .default('rgb-unit'),
    )
    .option(
      '--output-budget <percent>',
      'without --data: how much of what FP32 finds may be lost, or how far outputs may be off, in percent',
      numberIn(0, 100, 'percent'),
      10,
    )
    .option('--threads <choice>', 'threads to time with: sweep, library-default, or counts such as 1,2', threadChoice, [1])
    .option('--targets <engines>', 'engines to make files for: onnxruntime, openvino, tensorrt, myriad', targetChoice, [
      ...quantizeTargetSchema.options,
    ])
    .action(async (options: Options) => {
      if (options.images !== undefined && options.data === undefined)
        quantize.error('error: --images goes with --data', { exitCode: ExitCode.usage });
      if (options.family !== 'generic' && quantize.getOptionValueSource('pixels') === 'cli')
        quantize.error('error: --pixels goes with --family generic; what a detector is fed with, its family says', {
          exitCode: ExitCode.usage,
        });
      const result = await runWorkerJob(cli, {
        kind: 'quantize',
        model: resolve(options.model),
        statistics: null,
        calibration: resolve(options.calibration),
        sample: options.sample,
        seed: options.seed,
        golden: options.data === undefined ? null : resolve(options.data),
        goldenImages: options.images === undefined ? null : resolve(options.images),
        targets: options.targets,
        accuracyBudgetPoints: options.budget,
        outputBudgetPercent: options.outputBudget,
        format: options.format,
        family: options.family,
        pixels: options.pixels,
        threads: options.threads,
        outDir: resolve(options.out),
      });
      show(cli, options, result, (value) => renderQuantized(value, cli.output.style));
    });
}

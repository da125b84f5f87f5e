import { resolve } from 'node:path';
import type { WorkerJob } from '@takt/contracts';
import { EngineName } from '@takt/engines';
import type { Command } from 'commander';
import { Option } from 'commander';
import { integerIn } from '../options/parse-values.js';
import { ExitCode } from '../output/report-error.js';
import { renderEvaluated } from '../render/worker-results.js';
import { show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { runWorkerJob } from '../worker/run-worker-job.js';

interface Options extends CommonOptions {
  readonly model?: string;
  readonly data?: string;
  readonly images?: string;
  readonly groundTruth?: string;
  readonly detections?: string;
  readonly engine: EngineName;
  readonly threads: number;
}

function jobOf(options: Options): Extract<WorkerJob, { kind: 'evaluate' }> | undefined {
  const { model, data, images, groundTruth, detections, engine, threads } = options;
  if (model !== undefined && data !== undefined)
    return {
      kind: 'evaluate',
      of: 'model',
      model: resolve(model),
      data: resolve(data),
      images: images === undefined ? null : resolve(images),
      engine,
      threads,
    };
  if (groundTruth === undefined || detections === undefined) return undefined;
  return { kind: 'evaluate', of: 'detections', groundTruth: resolve(groundTruth), detections: resolve(detections) };
}

export function registerEvaluate(program: Command, cli: Cli): void {
  const evaluate = program
    .command('evaluate')
    .description('accuracy as COCO defines it: of a model on a labelled set, or of detections already made')
    .addOption(new Option('--model <file>', 'ONNX model').conflicts(['groundTruth', 'detections']))
    .option('--data <file>', 'labelled set: data.yaml (YOLO) or a .json file (COCO)')
    .addOption(
      new Option('--images <folder>', 'images of COCO JSON (default: looked for near it)').conflicts(['groundTruth', 'detections']),
    )
    .option('--ground-truth <file>', 'COCO ground truth (JSON)')
    .option('--detections <file>', 'COCO detections (JSON)')
    .addOption(
      new Option('--engine <name>', 'engine that runs the model').choices(Object.values(EngineName)).default(EngineName.onnxruntime),
    )
    .option('--threads <n>', "threads of the engine; 0 is the engine's own choice", integerIn(0, 1024), 0)
    .option('--json [file]', 'print only JSON, or write it to a file');
  evaluate.action(async (options: Options) => {
    const job = jobOf(options);
    if (job === undefined)
      evaluate.error('error: give --model and --data, or --ground-truth and --detections', { exitCode: ExitCode.usage });
    const result = await runWorkerJob<'evaluate'>(cli, job as NonNullable<typeof job>);
    if (typeof options.json !== 'string') {
      show(cli, options, result, (value) => renderEvaluated(value, cli.output.style));
      return;
    }
    await cli.fs.write(resolve(options.json), `${JSON.stringify(result, null, 2)}\n`, 0o644);
    cli.output.line(renderEvaluated(result, cli.output.style));
  });
}

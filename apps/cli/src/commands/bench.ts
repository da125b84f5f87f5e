import { resolve } from 'node:path';
import { EngineName } from '@takt/engines';
import type { Command } from 'commander';
import { withJson } from '../options/common-options.js';
import { integerIn, threadList, wordList } from '../options/parse-values.js';
import { renderBench } from '../render/worker-results.js';
import { show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { runWorkerJob } from '../worker/run-worker-job.js';

interface Options extends CommonOptions {
  readonly engine: EngineName[];
  readonly threads: number[];
  readonly rounds: number;
  readonly iterations: number;
}

export function registerBench(program: Command, cli: Cli): void {
  withJson(program.command('bench <model...>'))
    .description('time models against each other in interleaved rounds, each in a process of its own')
    .option('--engine <list>', 'engines to run them on: onnxruntime, openvino', wordList(Object.values(EngineName)), [
      EngineName.onnxruntime,
    ])
    .option('--threads <list>', "thread counts, such as 1,2; 0 is the engine's own choice", threadList(0), [1])
    .option('--rounds <n>', 'rounds over all models', integerIn(1, 1000), 5)
    .option('--iterations <n>', 'runs per model and round', integerIn(1, 100_000), 20)
    .action(async (models: string[], options: Options) => {
      const { engine: engines, threads, rounds, iterations } = options;
      const { rows } = await runWorkerJob(cli, {
        kind: 'benchmark',
        models: models.map((model) => resolve(model)),
        engines,
        threads,
        rounds,
        iterations,
      });
      show(cli, options, rows, (value) => renderBench(value, cli.output.style));
    });
}

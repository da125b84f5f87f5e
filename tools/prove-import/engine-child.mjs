/** What the worker does with a file that passed every check, with the engine: fold, run once, find the head, emit, load again. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrtAdapter } from '@takt/engine-ort';
import { emitRecipe } from '../../apps/worker/dist/emit/emit-recipe.js';
import { openModelSource } from '../../apps/worker/dist/emit/model-source.js';
import { readInputModel } from '../../apps/worker/dist/golden/input-model.js';
import { endingOf } from './ending.mjs';
import { hostileFile } from './hostile-files.mjs';
import { syntheticStatistics } from './synthetic-statistics.mjs';

const engine = createOrtAdapter();
const path = join(tmpdir(), `takt-hostile-${String(process.pid)}.onnx`);

async function run(number) {
  const { bytes, kind } = hostileFile(number);
  const since = performance.now();
  writeFileSync(path, bytes);
  const endings = [];
  let source;
  const step = async (name, work) => endings.push({ step: name, ...(await endingOf(work)) });
  await step('fold and find the head', async () => {
    source = await openModelSource(await readInputModel(path), engine);
    return 'why' in source.head ? 'not cut' : 'cut';
  });
  if (source !== undefined) {
    let statistics;
    await step('statistics', () => {
      statistics = syntheticStatistics(source.folded, source.digest);
    });
    for (const recipe of statistics === undefined ? [] : ['int8', 'int8-library-default']) {
      await step(`emit ${recipe}`, async () => void (await emitRecipe({ source, recipe, statistics, sevenBitWeights: false, engine })));
    }
  }
  return { number, kind, ms: performance.now() - since, endings };
}

process.on('message', async (number) => {
  const result = await run(number);
  rmSync(path, { force: true });
  process.send({ ...result, peakKiB: process.resourceUsage().maxRSS });
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });

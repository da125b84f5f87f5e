import type { QuantizedFormat } from '@takt/contracts';
import { Recipe } from '@takt/engines';
import type { HardwareFacts } from '@takt/hardware';
import { WeightLimit, emitInt8, layerNames } from '@takt/quantization';
import type { RecipeEmitter } from '../build/fit-budget.js';
import { once } from '../process/once.js';
import { rankEmission } from '../sensitivity/rank-emission.js';
import { cutOf } from './describe-cut.js';
import type { EmitParts } from './emit-parts.js';
import { auditNote, emitRecipe, frontWords, ownBase } from './emit-recipe.js';
import type { EmitRequest } from './emit-recipe.js';
import { layersOf } from './model-source.js';

/** Whether this CPU adds int8 products in a saturating int16, so that weights must have 7 bits. */
export const saturates = ({ cpu }: Pick<HardwareFacts, 'cpu'>): boolean => cpu.int8DotProduct === 'none';

export const ownName = (weightBits: 7 | 8): string => `INT8 with ${String(weightBits)}-bit weights`;

/**
 * takt's INT8 for ONNX Runtime, by bits of its weights, in the forms whose speed only the host can tell: one for each number of first
 * convolutions in float. The layers of a form are ranked once, whatever the bits: what an activation loses does not depend on the
 * weights.
 *
 * @param parts opened on first need.
 */
export function ownRecipes(
  parts: () => Promise<EmitParts>,
  format: QuantizedFormat = 'qdq',
): (weightBits: 7 | 8) => Promise<readonly RecipeEmitter[]> {
  const fronts = once(async () => {
    const opened = await parts();
    return opened.source.fronts.map((front) => ({ front, rank: once(() => rankWith(opened, front)) }));
  });
  return async (weightBits) => {
    const { folded } = (await parts()).source;
    return (await fronts()).map(({ front, rank }) => ({
      name: ownName(weightBits),
      form: `${frontWords(front)} in float`,
      emit: (reverted) => emitWith(parts, { recipe: Recipe.int8, sevenBitWeights: weightBits === 7, front, reverted, format }),
      rank,
      layerNames: (values) => Promise.resolve(layerNames(folded, values)),
    }));
  };
}

function rankWith(
  { source, statistics, images, engine, loadInput, context }: EmitParts,
  front: readonly string[],
): ReturnType<typeof rankEmission> {
  const { head, folded } = source;
  const base = ownBase(source, statistics, front);
  const cut = 'why' in head ? undefined : cutOf(head, head.detector.classes);
  return rankEmission(
    {
      source,
      images,
      layers: layersOf(source, base),
      emit: (reverted) =>
        emitInt8(folded, statistics, { weightLimit: WeightLimit.eightBit, floatConvs: new Set([...base, ...reverted]), cut }),
    },
    { engine, loadInput, progress: context.progress, signal: context.signal },
  );
}

/** What ONNX Runtime's own tool makes by default; nothing of it goes back to float. */
export const libraryDefaultRecipe = (parts: () => Promise<EmitParts>): RecipeEmitter => ({
  name: Recipe.int8LibraryDefault,
  form: '',
  emit: () => emitWith(parts, { recipe: Recipe.int8LibraryDefault, sevenBitWeights: false }),
  rank: null,
  layerNames: (values) => Promise.resolve(values),
});

async function emitWith(
  parts: () => Promise<EmitParts>,
  request: Omit<EmitRequest, 'source' | 'statistics' | 'engine'>,
): Promise<Awaited<ReturnType<RecipeEmitter['emit']>>> {
  const { source, statistics, engine, context } = await parts();
  context.signal.throwIfAborted();
  const reverts = request.reverted?.length ?? 0;
  const floats = reverts === 0 ? '' : ` with ${String(reverts)} layers in float`;
  context.progress({ phase: 'emit', done: 0, total: 1, message: `making ${request.recipe}${floats}` });
  const { audit, bytes, notes } = await emitRecipe({ ...request, source, statistics, engine });
  return { bytes, auditFailure: audit.fused ? null : `only ${auditNote(audit)}`, notes };
}

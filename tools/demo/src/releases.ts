import type { ApiClient, RouteInput } from '@takt/api-client';
import { MODEL } from './topology.js';

/** Frames of the demo's health checks: fewer than the default, so that slow cameras do not make the demo long. */
const health = { windowFrames: 40, maxWindowFrames: 200, soloFrames: 20 };
const sets = { model: `${MODEL}@1`, golden: 'steel-golden', health } as const;

/** Makes a release where an earlier, interrupted run did not. */
async function ensureRelease(api: ApiClient, request: RouteInput<'createRelease'>): Promise<void> {
  const { items } = await api.call('listReleases');
  if (!items.some(({ name }) => name === request.body.name)) await api.call('createRelease', request);
}

/** The model as it was pushed, with the engine library's own thread choice: where every line starts. */
export const createBaseline = async (api: ApiClient): Promise<void> => {
  await ensureRelease(api, { body: { name: 'baseline', ...sets, recipes: ['fp32'], threads: 'library-default' } });
};

/** FP32 and INT8 swept over threads; the fastest plan inside the accuracy budget wins on each box. */
export const createOptimised = async (api: ApiClient): Promise<void> => {
  await ensureRelease(api, {
    body: { name: 'optimised', ...sets, calibration: 'steel-calibration', recipes: ['fp32', 'int8'], threads: 'sweep' },
  });
};

/**
 * The recipe that a script from the web yields: ONNX Runtime's default INT8, which on x86 does not fuse. Its build check is
 * waived, as an operator in a hurry would; what saves the line is the runtime's own health check.
 */
export const createLibraryDefault = async (api: ApiClient): Promise<void> => {
  await ensureRelease(api, {
    body: {
      name: 'library-default-int8',
      ...sets,
      calibration: 'steel-calibration-short',
      recipes: ['int8-library-default'],
      threads: [1],
      accuracyBudgetPoints: 100,
      waiveBuildCheck: 'shown in the demo: a hurried operator forces the recipe of a script from the web',
    },
  });
};

import type { DatasetView, ModelView, ReleaseView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { formatBytes, formatDateTime, formatDuration, formatPoints, NONE } from './figures.js';
import { renderPairs, renderTable } from './table.js';

type Tensor = ModelView['info']['inputs'][number];

const tensorWords = (tensors: readonly Tensor[]): string =>
  tensors.map((tensor) => `${tensor.name} ${tensor.type} ${tensor.shape.join('×')}`).join('; ');

export function renderModels(models: readonly ModelView[], style: Style): string {
  if (models.length === 0) return 'There is no model yet. Push one with: takt model push FILE --name NAME --version VERSION';
  return renderTable<ModelView>(
    [
      { heading: 'Model', value: (model) => `${model.name}@${model.version}` },
      { heading: 'Size', value: (model) => formatBytes(model.artifact.sizeBytes), align: 'right' },
      { heading: 'Opset', value: (model) => String(model.info.opset), align: 'right' },
      { heading: 'Inputs', value: (model) => tensorWords(model.info.inputs) },
      { heading: 'Outputs', value: (model) => tensorWords(model.info.outputs) },
      { heading: 'Pushed', value: (model) => formatDateTime(model.createdAt) },
    ],
    models,
    style,
  );
}

export function renderDatasets(datasets: readonly DatasetView[], style: Style): string {
  if (datasets.length === 0) return 'There is no data set yet. Push one with: takt dataset push DIR --as golden --name NAME';
  return renderTable<DatasetView>(
    [
      { heading: 'Data set', value: (set) => set.name },
      { heading: 'Role', value: (set) => set.role },
      { heading: 'Images', value: (set) => String(set.images), align: 'right' },
      { heading: 'Size', value: (set) => formatBytes(set.artifact.sizeBytes), align: 'right' },
      { heading: 'Pushed', value: (set) => formatDateTime(set.createdAt) },
    ],
    datasets,
    style,
  );
}

const threadWords = (threads: ReleaseView['threads']): string => (typeof threads === 'string' ? threads : threads.join(', '));
const modelName = (release: ReleaseView): string => `${release.model.name}@${release.model.version}`;

export function renderReleases(releases: readonly ReleaseView[], style: Style): string {
  if (releases.length === 0)
    return 'There is no release yet. Make one with: takt releases create NAME --model MODEL@VERSION --golden DATASET';
  return renderTable<ReleaseView>(
    [
      { heading: 'Release', value: (release) => release.name },
      { heading: 'Model', value: modelName },
      { heading: 'Recipes', value: (release) => release.recipes.join(', ') },
      { heading: 'Threads', value: (release) => threadWords(release.threads) },
      { heading: 'Budget (points)', value: (release) => formatPoints(release.accuracyBudgetPoints), align: 'right' },
      { heading: 'Build check', value: (release) => (release.buildCheck.waived ? style.warn('waived') : 'on') },
      { heading: 'Made', value: (release) => formatDateTime(release.createdAt) },
    ],
    releases,
    style,
  );
}

export function renderRelease(release: ReleaseView, style: Style): string {
  const { health } = release;
  return renderPairs(
    [
      ['Release', `${release.name} (${release.id})`],
      ['Model', modelName(release)],
      ['Golden set', release.golden.name],
      ['Calibration set', release.calibration?.name ?? NONE],
      ['Recipes', release.recipes.join(', ')],
      ['Threads', threadWords(release.threads)],
      ['Accuracy budget', `${formatPoints(release.accuracyBudgetPoints)} points of mAP@0.5:0.95`],
      ['Build check', release.buildCheck.waived ? `waived: ${release.buildCheck.reason ?? NONE}` : 'on'],
      ['Profiles', release.profiles?.join(', ') ?? 'any'],
      [
        'Health window',
        `${String(health.windowFrames)} to ${String(health.maxWindowFrames)} frames per engine, then ${String(health.soloFrames)} alone`,
      ],
      [
        'Health bounds',
        `service time +${(health.maxServiceTimeIncrease * 100).toFixed(1)} %, errors ${(health.maxErrorRate * 100).toFixed(2)} %`,
      ],
      ['Health limits', `${String(health.maxAttempts)} starts, ${formatDuration(health.deadlineMs / 1000)}`],
      ['Made', formatDateTime(release.createdAt)],
    ],
    style,
  );
}

import type { DeploymentDetail } from '@takt/contracts';
import { isTerminal } from '@takt/rollout';
import { oneLine } from '../output/one-line.js';
import { placeWords, planWords, stateWord } from '../render/deployment-words.js';
import { formatMs, formatTime } from '../render/figures.js';
import { pause, readPatiently } from './watcher.js';
import type { Watcher } from './watcher.js';

/** Shows each new state of the deployments, and how far the running build is, until all have ended. */
export async function watchDeployments(watcher: Watcher, ids: readonly string[]): Promise<DeploymentDetail[]> {
  const shown = new Map<string, number>();
  for (;;) {
    const details = await Promise.all(ids.map((id) => read(watcher, id)));
    for (const detail of details) showNews(watcher, detail, shown);
    if (details.every((detail) => isTerminal(detail.state))) {
      watcher.output.progress.clear();
      return details;
    }
    const busy = details.find((detail) => !isTerminal(detail.state));
    if (busy !== undefined) showProgress(watcher, busy);
    await pause(watcher);
  }
}

/** One line per transition not shown before; the row's own number of transitions is the cursor. */
function showNews({ output }: Watcher, detail: DeploymentDetail, shown: Map<string, number>): void {
  for (const transition of detail.transitions.slice(shown.get(detail.id) ?? 0)) {
    const words = [transition.reason, transition.message].filter((text) => text !== null && text !== '').join(': ');
    const state = stateWord(transition.state, output.noteStyle);
    output.note(`${output.noteStyle.dim(formatTime(transition.at))}  ${placeWords(detail)}  ${state}  ${words}`.trimEnd());
  }
  shown.set(detail.id, detail.transitions.length);
}

function showProgress({ output }: Watcher, detail: DeploymentDetail): void {
  const job = detail.state === 'calibrating' ? detail.calibration : detail.state === 'building' ? detail.build : null;
  if (job === null) return;
  output.progress.show({
    label: `${placeWords(detail)} ${detail.state}`,
    done: job.progress,
    total: 1,
    etaSeconds: job.etaSeconds,
    message: job.phase,
  });
}

const read = (watcher: Watcher, id: string): Promise<DeploymentDetail> =>
  readPatiently(watcher, () => watcher.client.call('getDeployment', { params: { id } }, { signal: watcher.signal }));

/** How one deployment ended, with the figures that decided. */
export function endWords(detail: DeploymentDetail): string {
  const { health } = detail;
  const figures =
    health === null || health.previous === null || health.candidate === null
      ? ''
      : `; service time p50 ${formatMs(health.previous.p50Ms)} → ${formatMs(health.candidate.p50Ms)} ms, p95 ${formatMs(health.previous.p95Ms)} → ${formatMs(health.candidate.p95Ms)} ms`;
  const back =
    health === null || health.rollbackMs === null ? '' : `; back on the previous engine in ${(health.rollbackMs / 1000).toFixed(2)} s`;
  const reason = detail.reason === null ? '' : ` (${detail.reason})`;
  return oneLine(`${placeWords(detail)} ${detail.state}${reason}: ${planWords(detail.plan)}${figures}${back}`);
}

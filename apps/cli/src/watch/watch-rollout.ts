import type { RolloutDetail } from '@takt/contracts';
import { hasEnded } from '@takt/rollout';
import { oneLine } from '../output/one-line.js';
import { formatDuration, formatTime } from '../render/figures.js';
import { countWords, gateFigures, waitingFor, waveName } from '../render/rollout-words.js';
import { listenForEvents } from './event-bell.js';
import { rolloutNews } from './rollout-news.js';
import { cancelled, readPatiently } from './watcher.js';
import type { Watcher } from './watcher.js';

/** Looks that no event asked for: figures of a gate change without one. */
const LOOK_EVERY_MS = 2_000;

/** Phases in which nothing goes on until a person acts. */
const WAITS: ReadonlySet<string> = new Set(['paused', 'held', 'awaiting-approval']);
export const waitsForPerson = ({ phase }: RolloutDetail): boolean => WAITS.has(phase);

/** Shows what is new and what the rollout waits for, until it has ended; with `exitOnHold` also when it waits for a person. */
export async function watchRollout(watcher: Watcher, ref: string, exitOnHold: boolean): Promise<RolloutDetail> {
  const { client, output, signal } = watcher;
  const done = new AbortController();
  const bell = listenForEvents(client, AbortSignal.any([signal, done.signal]));
  let before: RolloutDetail | undefined;
  try {
    for (;;) {
      const detail = await readPatiently(watcher, () => client.call('getRollout', { params: { ref } }, { signal }));
      for (const line of rolloutNews(before, detail, output.noteStyle))
        output.note(`${output.noteStyle.dim(formatTime(detail.updatedAt))}  ${line}`);
      before = detail;
      if (hasEnded(detail.phase) || (exitOnHold && waitsForPerson(detail))) return detail;
      showProgress(watcher, detail);
      await bell.next(LOOK_EVERY_MS);
      if (signal.aborted) throw cancelled(watcher.seeLater);
    }
  } finally {
    output.progress.clear();
    done.abort();
  }
}

function showProgress({ output }: Watcher, detail: RolloutDetail): void {
  const { counts, currentWave, waves } = detail;
  const figures = detail.gates
    .filter(({ wave, outcome }) => wave === currentWave && outcome === 'running')
    .map(gateFigures)
    .filter((text) => text !== '');
  output.progress.show({
    label: `${waveName(detail, currentWave)} of ${String(waves.length)} ${waves[currentWave]?.step ?? ''}`.trimEnd(),
    done: counts.succeeded,
    total: counts.total - counts.excluded,
    etaSeconds: null,
    message: [waitingFor(detail), ...figures].join(' · '),
  });
}

/** How it ended, in one line. */
export function rolloutEnd(detail: RolloutDetail): string {
  const took =
    detail.endedAt === null ? '' : ` after ${formatDuration((Date.parse(detail.endedAt) - Date.parse(detail.createdAt)) / 1000)}`;
  const decided = detail.gates.filter(({ outcome }) => outcome === 'failed' || outcome === 'error' || outcome === 'inconclusive');
  const why = detail.hold?.message ?? decided.at(-1)?.message ?? '';
  const because = detail.phase === 'succeeded' || why === '' ? '' : `. ${why}`;
  return oneLine(`rollout ${detail.name} ${detail.phase}${took}: ${countWords(detail.counts)}${because}`);
}

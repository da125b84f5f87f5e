import type { GateView, RolloutDetail, RolloutMemberView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { countWords, gateFigures, progressWord, waveName } from '../render/rollout-words.js';

/** Nodes that are named one by one; more of them at a time are counted. */
const NAMED_NODES = 12;

/** What is new since the last look, one line each; `before` is undefined on the first. */
export function rolloutNews(before: RolloutDetail | undefined, detail: RolloutDetail, style: Style): string[] {
  return [
    ...(before === undefined ? [firstLine(detail)] : []),
    ...waveNews(before, detail, style),
    ...nodeNews(before, detail, style),
    ...gateNews(before, detail, style),
    ...phaseNews(before, detail, style),
    ...holdNews(before, detail, style),
  ];
}

const firstLine = ({ name, release, counts, waves }: RolloutDetail): string =>
  `rollout ${name}: release ${release.name} to ${String(counts.total - counts.excluded)} nodes in ${String(waves.length)} waves`;

function waveNews(before: RolloutDetail | undefined, detail: RolloutDetail, style: Style): string[] {
  return detail.waves
    .filter((wave) => wave.step !== (before?.waves[wave.index]?.step ?? 'pending'))
    .map((wave) => {
      const approved = wave.approvedBy === null || wave.step !== 'passed' ? '' : `, let pass by ${wave.approvedBy}`;
      return `${wave.name}  ${progressWord(wave.step, style)}  ${countWords(wave.counts)}${approved}`;
    });
}

function nodeNews(before: RolloutDetail | undefined, detail: RolloutDetail, style: Style): string[] {
  const known = new Map(before?.members.map((member) => [member.nodeId, member]));
  const changed = detail.members.filter((member) => {
    const earlier = known.get(member.nodeId);
    if (earlier === undefined) return member.bucket !== 'pending';
    return earlier.bucket !== member.bucket || earlier.reason !== member.reason;
  });
  if (changed.length > NAMED_NODES) return [`${String(changed.length)} nodes moved on: ${countWords(detail.counts)}`];
  return changed.map((member) => nodeLine(member, style));
}

const nodeLine = ({ node, site, lines, bucket, reason, message }: RolloutMemberView, style: Style): string => {
  const why = [reason, message].filter((text) => text !== null && text !== '').join(': ');
  return `${node.name} (${[site, ...lines].join(', ')})  ${progressWord(bucket, style)}  ${why}`.trimEnd();
};

function gateNews(before: RolloutDetail | undefined, detail: RolloutDetail, style: Style): string[] {
  const known = new Map(before?.gates.map((gate) => [gate.id, gate]));
  return detail.gates
    .filter((gate) => gate.outcome !== 'pending' && gate.outcome !== known.get(gate.id)?.outcome)
    .map((gate) =>
      `gate ${waveName(detail, gate.wave)}, ${gate.profile}  ${progressWord(gate.outcome, style)}  ${gateWords(gate)}`.trimEnd(),
    );
}

function gateWords(gate: GateView): string {
  const figures = gateFigures(gate);
  if (gate.outcome === 'running') return figures === '' ? gate.missing.join('; ') : figures;
  return `${gate.reason}${figures === '' ? `: ${gate.message}` : `: ${figures}`}`;
}

function phaseNews(before: RolloutDetail | undefined, detail: RolloutDetail, style: Style): string[] {
  if (detail.phase === (before?.phase ?? 'running')) return [];
  return [`rollout ${detail.name}  ${progressWord(detail.phase, style)}`];
}

function holdNews(before: RolloutDetail | undefined, { hold }: RolloutDetail, style: Style): string[] {
  if (hold === null || (before?.hold?.code === hold.code && before.hold.message === hold.message)) return [];
  return [`${style.warn(hold.code)}: ${hold.message}`, `${style.bold('Next:')} ${hold.suggestedAction}`];
}

import type { Explanation } from '@takt/contracts';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';
import { renderCandidates } from './candidates.js';
import { formatTime, NONE } from './figures.js';
import { renderFindings } from './health.js';
import { joinSections, section } from './sections.js';
import { renderPairs, renderTable } from './table.js';

/** What `takt explain` prints as JSON: the explanation and, of a deployment, what its build tried. */
export type ShownExplanation = Explanation & { readonly candidates?: Parameters<typeof renderCandidates>[0] };

const figureText = (value: Explanation['figures'][string]): string => {
  if (value === null) return NONE;
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
};

export function renderExplanation(explanation: ShownExplanation, style: Style): string {
  const figures = Object.entries(explanation.figures).map(([name, value]) => [name, figureText(value)] as const);
  return joinSections(
    [`${explanation.object.kind} ${style.bold(explanation.object.name)}: ${explanation.summary}`, `reason: ${explanation.reason}`]
      .map(oneLine)
      .join('\n'),
    section(style.bold('Figures'), renderPairs(figures, style)),
    section(style.bold('Checks'), renderFindings(explanation.findings, style)),
    section(style.bold('Candidates'), renderCandidates(explanation.candidates ?? [], style)),
    section(
      style.bold('Timeline'),
      explanation.timeline.length === 0
        ? ''
        : renderTable(
            [
              { heading: 'Time', value: (row) => formatTime(row.at) },
              { heading: 'What', value: (row) => row.code },
              { heading: 'Message', value: (row) => row.message },
            ],
            explanation.timeline,
            style,
          ),
    ),
    oneLine(`${style.bold('Next:')} ${explanation.suggestedAction ?? 'nothing needs doing'}`),
  );
}

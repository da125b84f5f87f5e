import type { Explanation } from '@takt/contracts';
import type { ReactElement } from 'react';
import { useWords } from '../words/words-context.js';
import classes from './explanation.module.css';
import { Mark } from './mark.js';

/** Reason, sentence, the findings behind it and the one thing to do. */
export function ExplanationView({ explanation }: { explanation: Explanation }): ReactElement {
  const t = useWords();
  const { findings } = explanation;
  return (
    <div className={classes['explanation']}>
      <p>
        <span className="code">{explanation.reason}</span> · {explanation.summary}
      </p>
      <p className={explanation.suggestedAction === null ? 'quiet' : classes['action']}>
        {explanation.suggestedAction === null ? t.explain.nothing : `${t.explain.suggested}: ${explanation.suggestedAction}`}
      </p>
      {findings.length > 0 && (
        <ul aria-label={t.explain.findings}>
          {findings.map((finding, index) => (
            <li key={`${finding.code}:${String(index)}`}>
              <Mark sign={finding.held ? { tone: 'ok', icon: 'ok' } : { tone: 'bad', icon: 'bad' }}>
                {finding.held ? t.explain.held : t.explain.broken}
              </Mark>
              <span>
                <span className="code">{finding.code}</span> · {finding.message}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

import type { ReactElement, ReactNode } from 'react';
import { Icon } from './icons.js';
import classes from './mark.module.css';
import type { Sign } from './tones.js';

/** A state as icon and word; `loud` puts it on a ground of its colour. */
export function Mark({ sign, children, loud = false }: { sign: Sign; children: ReactNode; loud?: boolean }): ReactElement {
  return (
    <span className={loud ? classes['loud'] : classes['mark']} data-tone={sign.tone}>
      <Icon name={sign.icon} size={loud ? 15 : 14} />
      <span>{children}</span>
    </span>
  );
}

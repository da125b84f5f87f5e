import type { ReactElement, ReactNode } from 'react';
import { Icon } from './icons.js';
import classes from './mark.module.css';
import type { Sign } from './tones.js';

interface MarkProps {
  readonly sign: Sign;
  readonly children: ReactNode;
  /** On a ground of its colour. */
  readonly loud?: boolean;
  /** A sentence rather than a word: it may break. */
  readonly wraps?: boolean;
}

/** A state as icon and word. */
export function Mark({ sign, children, loud = false, wraps = false }: MarkProps): ReactElement {
  return (
    <span className={loud ? classes['loud'] : classes['mark']} data-tone={sign.tone} data-wraps={wraps}>
      <Icon name={sign.icon} size={loud ? 15 : 14} />
      <span>{children}</span>
    </span>
  );
}

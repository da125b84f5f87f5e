import type { ReactElement, ReactNode } from 'react';
import classes from './fields.module.css';

/** What a field is made of, from top to bottom: `inputWrapperOrder` of each child of `Fields`. */
export const FIELD_ORDER: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error'];

/** Fields side by side where there is room, their parts level with their neighbours'. */
export function Fields({ children }: { children: ReactNode }): ReactElement {
  return <div className={classes['fields']}>{children}</div>;
}

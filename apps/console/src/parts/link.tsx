import type { ReactElement, ReactNode } from 'react';
import { Link } from 'wouter';

export const nodeHref = (name: string): string => `/nodes/${encodeURIComponent(name)}`;
export const rolloutHref = (name: string): string => `/rollouts/${encodeURIComponent(name)}`;
export const modelHref = (ref: string): string => `/models/${encodeURIComponent(ref)}`;

export function To({ href, children }: { href: string; children: ReactNode }): ReactElement {
  return (
    <Link href={href} className="plain">
      {children}
    </Link>
  );
}

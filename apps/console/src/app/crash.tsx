import { TaktError } from '@takt/kernel';
import { Component } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { Refusal } from '../parts/refusal.js';
import { useWords } from '../words/words-context.js';

/** A fault of the console itself shows as one, never as a blank page. */
export class Crash extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return <Crashed error={this.state.error} />;
  }
}

/** A part of the console that did not come: the control plane is away, or is of another version by now. */
const isMissingPart = (error: unknown): boolean => error instanceof TypeError && /import|module/i.test(error.message);

function Crashed({ error }: { error: unknown }): ReactElement {
  const t = useWords();
  const shown = isMissingPart(error)
    ? new TaktError({ code: 'ConsolePartMissing', message: t.data.partMissing, action: t.data.partMissingAction })
    : error;
  return (
    <div style={{ maxWidth: 640, margin: '10vh auto', padding: 16 }}>
      <Refusal title={t.data.failed} error={shown} onRetry={() => location.reload()} />
    </div>
  );
}

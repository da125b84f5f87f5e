import type { FleetFigures } from '@takt/contracts';

export type LinkState = 'connecting' | 'live' | 'reconnecting';
export type LiveSlot = FleetFigures['slots'][number];

export interface LiveView {
  readonly link: LinkState;
  readonly nodes: FleetFigures['nodes'] | null;
}

const figuresOf = ({ online, metrics }: LiveSlot): string =>
  JSON.stringify([
    online,
    metrics === null ? null : { ...metrics, counters: null, framesDelivered: 0, framesDropped: metrics.framesDropped },
  ]);

/**
 * The last live figures. A slot whose figures did not change keeps its object, so that only rows that changed are drawn again.
 */
export class LiveStore {
  readonly #listeners = new Set<() => void>();
  readonly #slots = new Map<string, { readonly slot: LiveSlot; readonly figures: string }>();
  #view: LiveView = { link: 'connecting', nodes: null };
  #round = 0;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly view = (): LiveView => this.#view;
  /** Counts the messages taken; for whoever looks at many slots at once. */
  readonly round = (): number => this.#round;
  readonly slot = (slotId: string): LiveSlot | undefined => this.#slots.get(slotId)?.slot;

  setLink(link: LinkState): void {
    if (this.#view.link === link) return;
    this.#view = { ...this.#view, link };
    this.#tell();
  }

  take(message: FleetFigures): void {
    this.#view = { link: this.#view.link, nodes: message.nodes };
    const gone = new Set(this.#slots.keys());
    for (const slot of message.slots) {
      gone.delete(slot.slotId);
      const figures = figuresOf(slot);
      if (this.#slots.get(slot.slotId)?.figures !== figures) this.#slots.set(slot.slotId, { slot, figures });
    }
    for (const slotId of gone) this.#slots.delete(slotId);
    this.#round += 1;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

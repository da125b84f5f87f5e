import type { SlotView } from '@takt/contracts';
import type { LiveSlot } from '../live/live-store.js';
import type { SlotLive } from './needs-help.js';

/** Live figures where they came, else those of the last reading. */
export function slotLive(slot: SlotView, live: LiveSlot | undefined, nodeOnline: boolean): SlotLive {
  const metrics = live === undefined ? slot.metrics : live.metrics;
  return {
    online: live?.online ?? nodeOnline,
    runtimeReachable: metrics?.runtimeReachable ?? null,
    deliveredFps: metrics?.deliveredFps ?? null,
  };
}

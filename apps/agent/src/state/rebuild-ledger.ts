import type { CommittedSlots } from '@takt/contracts';
import type { SlotId } from '@takt/kernel';
import { EMPTY_LEDGER } from './ledger.js';
import type { Ledger } from './ledger.js';

/**
 * The ledger after its file was lost, before it takes in what the journal holds.
 *
 * A committed deployment that is still wanted stands one stage before its end, so its end is reported once more: the
 * control plane applies it once however often it comes, but would wait for ever for one that was lost with the ledger. One
 * that is not wanted any more has ended for good. Conditions are unknown, so each is reported at its next evaluation.
 *
 * @param wanted ids of the deployments and jobs that are wanted
 * @param conditions types that this agent reports
 */
export function rebuiltLedger(current: CommittedSlots, wanted: ReadonlySet<string>, conditions: readonly string[]): Ledger {
  const unknown = {
    status: 'unknown' as const,
    reason: 'LedgerRebuilt',
    message: 'not evaluated since the ledger was rebuilt',
    action: null,
  };
  return {
    ...EMPTY_LEDGER,
    deployments: Object.fromEntries(
      Object.entries(current.slots).map(([slotId, { deploymentId }]) => [
        deploymentId,
        { slotId: slotId as SlotId, state: wanted.has(deploymentId) ? ('checking' as const) : ('committed' as const) },
      ]),
    ),
    conditions: Object.fromEntries(conditions.map((type) => [type, { type, ...unknown }])),
  };
}

import type { Condition, Report } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';

/** Condition that is false from a lost report until the database has everything that this node still had. */
export const REPORTS_COMPLETE = 'ReportsComplete';

/** Takes the place of a report whose file is damaged or gone, so that the numbers after it are still taken. */
export const lostReport = (nodeId: NodeId, seq: number, now: number, observedGeneration: number): Report => {
  const at = new Date(now).toISOString();
  const condition: Condition = {
    type: REPORTS_COMPLETE,
    status: 'false',
    reason: 'ReportLost',
    message: `report ${String(seq)} was damaged on this node's disk; what it said is lost`,
    action: 'check the disk of the node (dmesg, smartctl)',
    since: at,
  };
  return { schemaVersion: 1, nodeId, seq, at, observedGeneration, body: { kind: 'condition', condition } };
};

import { REPORT_MAX_BYTES } from '@takt/contracts';
import type { Condition, Report } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';

/** Condition that is false from a lost report until the database has everything that this node still had. */
export const REPORTS_COMPLETE = 'ReportsComplete';

/** Why a report is lost: what happened to it, and what to do. */
export interface Loss {
  readonly what: string;
  readonly action: string;
}

export const DAMAGED: Loss = { what: "was damaged on this node's disk", action: 'check the disk of the node (dmesg, smartctl)' };

/** @param bytes of the report as JSON */
export const tooLarge = (bytes: number): Loss => ({
  what: `has ${String(bytes)} bytes, more than the ${String(REPORT_MAX_BYTES)} that can be sent`,
  action: 'run takt-agent diagnose on the node; report this with the log of the agent',
});

/** Takes the place of a report that cannot be sent, so that the numbers after it are still taken. */
export const lostReport = (nodeId: NodeId, seq: number, now: number, observedGeneration: number, { what, action }: Loss): Report => {
  const at = new Date(now).toISOString();
  const condition: Condition = {
    type: REPORTS_COMPLETE,
    status: 'false',
    reason: 'ReportLost',
    message: `report ${String(seq)} ${what}; what it said is lost`,
    action,
    since: at,
  };
  return { schemaVersion: 1, nodeId, seq, at, observedGeneration, body: { kind: 'condition', condition } };
};

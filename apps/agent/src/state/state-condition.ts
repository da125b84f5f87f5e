import type { Condition } from '@takt/contracts';
import { describeFinding } from './state-files.js';
import type { StateFinding } from './state-files.js';

/** Condition that is false while a file of the data folder is damaged or unreadable and not yet replaced. */
export const STATE_INTACT = 'StateIntact';

type ConditionSays = Pick<Condition, 'status' | 'reason' | 'message' | 'action'>;

export const CHECK_DISK = 'check the disk of the node (dmesg, smartctl -a)';

/**
 * @param isReplaced whether what a file held is known again
 * @param quarantined names in the quarantine folders, also of earlier runs
 * @param lostRecords what lines wait for whose record of what they served is lost, one sentence each
 */
export function stateCondition(
  findings: readonly StateFinding[],
  isReplaced: (file: string) => boolean,
  quarantined: readonly string[],
  lostRecords: readonly string[] = [],
): ConditionSays {
  const open = findings.filter(({ file, kind, movedTo }) => (kind === 'unreadable' && movedTo === null) || !isReplaced(file));
  const message = (some: readonly StateFinding[]): string => some.map(describeFinding).join('. ');
  if (open.length > 0) {
    const unreadable = open.some(({ kind, movedTo }) => kind === 'unreadable' && movedTo === null);
    return {
      status: 'false',
      reason: unreadable ? 'FileUnreadable' : 'FileDamaged',
      message: [message(open), ...lostRecords].join('. '),
      action: unreadable ? `${CHECK_DISK} and the owner and mode of the file` : CHECK_DISK,
    };
  }
  if (lostRecords.length > 0) {
    const action = `start takt-agent and wait for the build that is named, or deploy a release to the line; ${CHECK_DISK}`;
    return { status: 'false', reason: 'LineRecordLost', message: lostRecords.join('. '), action };
  }
  if (findings.length > 0) return { status: 'true', reason: 'Rebuilt', message: message(findings), action: CHECK_DISK };
  if (quarantined.length > 0) {
    const message = `replaced earlier, kept in quarantine: ${quarantined.join(', ')}`;
    return { status: 'true', reason: 'Rebuilt', message, action: `${CHECK_DISK}, then remove the files` };
  }
  return { status: 'true', reason: 'Intact', message: 'every file of the data folder is as it should be', action: null };
}

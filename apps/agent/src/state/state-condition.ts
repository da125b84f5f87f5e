import type { Condition } from '@takt/contracts';
import { firstFew } from './first-few.js';
import { describeFinding } from './state-files.js';
import type { StateFinding } from './state-files.js';

export type ConditionSays = Pick<Condition, 'status' | 'reason' | 'message' | 'action'>;

export const CHECK_DISK = 'check the disk of the node (dmesg, smartctl -a)';

/**
 * @param isReplaced whether what a file held is known again
 * @param quarantined names in the quarantine folders, also of earlier runs
 * @param lostRecords what lines wait for whose record of what they served is lost, one sentence each
 */
export function stateCondition(
  findings: readonly StateFinding[],
  isReplaced: (finding: StateFinding) => boolean,
  quarantined: readonly string[],
  lostRecords: readonly string[] = [],
): ConditionSays {
  const open = findings.filter((finding) => isStuck(finding) || isInPlace(finding) || !isReplaced(finding));
  const message = (some: readonly StateFinding[]): string => firstFew(some.map(describeFinding), '. ');
  if (open.length > 0) {
    const stuck = open.some(isStuck);
    const unreadable = open.some(isInPlace);
    return {
      status: 'false',
      reason: stuck ? 'FileStuck' : unreadable ? 'FileUnreadable' : 'FileDamaged',
      message: [message(open), ...(lostRecords.length === 0 ? [] : [firstFew(lostRecords, '. ')])].join('. '),
      action: stuck
        ? `${CHECK_DISK}, its free space, and owner and mode of the folder`
        : unreadable
          ? `${CHECK_DISK} and the owner and mode of the file`
          : CHECK_DISK,
    };
  }
  if (lostRecords.length > 0) {
    const action = `start takt-agent and wait for the build that is named, or deploy a release to the line; ${CHECK_DISK}`;
    return { status: 'false', reason: 'LineRecordLost', message: firstFew(lostRecords, '. '), action };
  }
  if (findings.length > 0) return { status: 'true', reason: 'Rebuilt', message: message(findings), action: CHECK_DISK };
  if (quarantined.length > 0) {
    const message = `replaced earlier, kept in quarantine: ${firstFew(quarantined, ', ')}`;
    return { status: 'true', reason: 'Rebuilt', message, action: `${CHECK_DISK}, then remove the files` };
  }
  return { status: 'true', reason: 'Intact', message: 'every file of the data folder is as it should be', action: null };
}

/** Cannot be read and was not moved: it may be whole. */
const isInPlace = ({ kind, movedTo }: StateFinding): boolean => kind === 'unreadable' && movedTo === null;

/** Cannot be moved or replaced. */
const isStuck = ({ trouble }: StateFinding): boolean => trouble !== null;

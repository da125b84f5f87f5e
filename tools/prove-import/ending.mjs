/** How work on a file ended: with what it gave, with an error that takt means, or with one that it does not. */
import { TaktError } from '@takt/kernel';

/** Longest message that is still one a person reads. */
const MOST_MESSAGE = 3_000;
const HIDDEN = /[\p{Cc}\u2028\u2029\u202a-\u202e]/u;

const isWellFormed = ({ code, message, action, element = '' }) =>
  /^[A-Z]\w+$/.test(code) && action !== '' && message.length + element.length < MOST_MESSAGE && !HIDDEN.test(message + element);

/** @returns `{ ended: 'result' | 'error' | 'untyped', code?, detail? }` */
export async function endingOf(work) {
  try {
    return { ended: 'result', code: await work() };
  } catch (thrown) {
    if (!(thrown instanceof TaktError)) return { ended: 'untyped', detail: String(thrown?.stack ?? thrown).slice(0, 2_000) };
    if (!isWellFormed(thrown)) return { ended: 'untyped', detail: `illegible: ${JSON.stringify(thrown.toData()).slice(0, 500)}` };
    return { ended: 'error', code: thrown.code };
  }
}

import { problemSchema } from '@takt/contracts';
import type { Problem } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

const sentence = (problem: Problem): string => {
  const faults = problem.issues.filter((issue) => !problem.detail.includes(issue.message));
  if (faults.length === 0) return problem.detail;
  return `${problem.detail}: ${faults.map((issue) => (issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`)).join('; ')}`;
};

/** The error of a refused call: the server's own code, sentence and action where it sent a problem document. */
export async function replyError(reply: Response, url: URL): Promise<TaktError> {
  const text = await reply.text().catch(() => '');
  const parsed = problemSchema.safeParse(parseJson(text));
  if (parsed.success) {
    const problem = parsed.data;
    return new TaktError({
      code: problem.code,
      message: sentence(problem),
      action: problem.action,
      component: 'control-plane',
      retryable: problem.retryable,
      ...(problem.object === null ? {} : { element: problem.object }),
    });
  }
  return new TaktError({
    code: 'UnexpectedReply',
    message: `${url.host} answered ${String(reply.status)} to ${url.pathname}, and not as a takt control plane does`,
    action: 'check that the server address is that of the control plane',
    component: 'api-client',
    element: url.host,
    retryable: reply.status >= 502 && reply.status <= 504,
  });
}

/** The error of an answer that this client's schema does not accept. */
export const schemaError = (url: URL, detail: string): TaktError =>
  new TaktError({
    code: 'UnexpectedReply',
    message: `the answer of ${url.host} to ${url.pathname} is not what this version of takt expects: ${detail}`,
    action: 'use a client of the same version as the control plane',
    component: 'api-client',
    element: url.pathname,
  });

/** The JSON value of a text, undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import { TaktError } from '@takt/kernel';

const causes = (thrown: unknown): readonly unknown[] => {
  const found: unknown[] = [];
  for (let at: unknown = thrown; at !== undefined && at !== null && found.length < 8; at = (at as { cause?: unknown }).cause) {
    found.push(at);
    if (at instanceof AggregateError) found.push(...(at.errors as unknown[]));
    if (typeof at !== 'object') break;
  }
  return found;
};

const systemCode = (thrown: unknown): string | undefined =>
  causes(thrown)
    .map((cause) => (typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''))
    .find((code) => /^(E[A-Z]+|[A-Z_]*CERT[A-Z_]*|UND_ERR_[A-Z_]+)$/.test(code));

/** Why a call got no answer at all: cancelled by the caller, out of time, or nobody there. */
export function transportError(thrown: unknown, url: URL, signal: AbortSignal | undefined): TaktError {
  const known = causes(thrown).find((cause) => cause instanceof TaktError);
  if (known instanceof TaktError) return known;
  if (signal?.aborted === true) {
    return new TaktError({
      code: 'Cancelled',
      message: `the call to ${url.host} was cancelled`,
      action: 'run the command again when you want it',
      component: 'api-client',
      cause: thrown,
    });
  }
  if (causes(thrown).some((cause) => cause instanceof Error && cause.name === 'TimeoutError')) {
    return new TaktError({
      code: 'ControlPlaneTimeout',
      message: `the control plane at ${url.origin} did not answer in time`,
      action: 'try again; look at the log of the control plane when it stays so',
      component: 'api-client',
      element: url.origin,
      retryable: true,
      cause: thrown,
    });
  }
  const code = systemCode(thrown);
  return new TaktError({
    code: 'ControlPlaneUnreachable',
    message: `no control plane answers at ${url.origin}${code === undefined ? '' : ` (${code})`}`,
    action: 'start it (npm start), or give its address with --server or TAKT_SERVER',
    component: 'api-client',
    element: url.origin,
    retryable: true,
    cause: thrown,
  });
}

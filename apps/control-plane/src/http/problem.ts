import { HttpException } from '@nestjs/common';
import type { Problem } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { isUniqueViolation, sqlState } from '@takt/persistence';

const BY_CODE: Readonly<Record<string, number>> = {
  NotAuthenticated: 401,
  TokenInvalid: 401,
  LoginCodeInvalid: 401,
  JoinTokenInvalid: 401,
  JoinTokenExpired: 401,
  JoinTokenUsedUp: 401,
  JoinProofInvalid: 401,
  GrantInvalid: 401,
  RoleTooLow: 403,
  OutsideSiteScope: 403,
  CrossSiteRequest: 403,
  NotFound: 404,
  NoSuchRoute: 404,
  AlreadyExists: 409,
  DeploymentNotCancellable: 409,
  NodeNotProfiled: 409,
  NoNodeForRollout: 409,
  RolloutInProgress: 409,
  RolloutGoingBack: 409,
  RolloutEnded: 409,
  IntentNotAllowed: 409,
  SiteScopeTooNarrow: 403,
  NoSession: 409,
  ArtifactTooLarge: 413,
  ModelTooLarge: 413,
  DatasetTooLarge: 413,
  TooManyAttempts: 429,
  UploadInterrupted: 400,
  RequestInvalid: 400,
  StorageFull: 507,
  ContentNotInspected: 503,
  DatabaseBusy: 503,
  DatabaseUnavailable: 503,
};
/** Codes of refused content and of decisions that the request's data do not allow. */
const UNPROCESSABLE = 422;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Too large',
  422: 'Not possible with these data',
  429: 'Too many attempts',
  500: 'Internal error',
  503: 'Temporarily unavailable',
  507: 'No room',
};

const CONNECTION_LOST =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT|Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|PostgreSQL did not answer within/;

/** Any thrown thing as a {@link TaktError} that may be shown to the caller. */
export function toTaktError(thrown: unknown): { readonly error: TaktError; readonly status: number } {
  if (thrown instanceof TaktError) return { error: thrown, status: BY_CODE[thrown.code] ?? UNPROCESSABLE };
  if (isUniqueViolation(thrown)) {
    return {
      status: 409,
      error: new TaktError({
        code: 'AlreadyExists',
        message: 'an object of that name exists',
        action: 'choose another name',
        cause: thrown,
      }),
    };
  }
  const state = sqlState(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (state === '57014' || state === '55P03') {
    return {
      status: 503,
      error: new TaktError({
        code: 'DatabaseBusy',
        message: `the database took too long: ${message}`,
        action: 'try again; if it stays, look at pg_stat_activity for what holds it up',
        retryable: true,
        cause: thrown,
      }),
    };
  }
  if (state?.startsWith('08') === true || state?.startsWith('57P') === true || CONNECTION_LOST.test(message)) {
    return {
      status: 503,
      error: new TaktError({
        code: 'DatabaseUnavailable',
        message: 'the database cannot be reached',
        action: 'try again; if it stays, check that PostgreSQL runs',
        retryable: true,
        cause: thrown,
      }),
    };
  }
  if (thrown instanceof HttpException) return fromHttp(thrown);
  const status = bodyParserStatus(thrown);
  if (status !== undefined) {
    return {
      status,
      error: new TaktError({
        code: 'RequestInvalid',
        message: `the request body cannot be read: ${message}`,
        action: 'send JSON as /api/docs describes it',
      }),
    };
  }
  return {
    status: 500,
    error: new TaktError({
      code: 'Internal',
      message: 'the control plane failed on this call',
      action: 'report it with the request id; the log has the details',
      cause: thrown,
    }),
  };
}

function fromHttp(thrown: HttpException): { readonly error: TaktError; readonly status: number } {
  const status = thrown.getStatus();
  const code = status === 404 ? 'NoSuchRoute' : status === 413 ? 'ArtifactTooLarge' : 'RequestInvalid';
  return { status, error: new TaktError({ code, message: thrown.message, action: 'see /api/docs for the calls there are' }) };
}

function bodyParserStatus(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('expose' in thrown) || !('statusCode' in thrown)) return undefined;
  return thrown.expose === true && typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

export function problemOf(error: TaktError, status: number, requestId: string): Problem {
  return {
    type: `urn:takt:problem:${error.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    action: error.action,
    object: error.element ?? null,
    requestId,
    retryable: error.retryable,
    issues: error instanceof InvalidRequest ? [...error.issues] : [],
  };
}

/** A request whose fields do not follow their schema. */
export class InvalidRequest extends TaktError {
  readonly issues: Problem['issues'];

  constructor(issues: Problem['issues']) {
    super({
      code: 'RequestInvalid',
      message: `the request has ${String(issues.length)} fault(s): ${issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')}`,
      action: 'correct these fields; /api/docs has the schema',
    });
    this.issues = issues;
  }
}

import { TaktError } from '@takt/kernel';
import type { MonoTypeOperatorFunction } from 'rxjs';
import { catchError, exhaustMap, filter, from, interval, map, of, takeUntil } from 'rxjs';
import type { Authenticator } from '../access/authenticator.js';
import { sessionOf } from '../access/session-cookie.js';
import type { TaktRequest } from './context.js';

const EVERY_MS = 15_000;

/** Ends event streams of tokens and sessions that were revoked or ran out meanwhile: a stream is one call that never ends. */
export class StreamAccess {
  constructor(
    private readonly authenticator: Pick<Authenticator, 'authenticate'>,
    private readonly everyMs = EVERY_MS,
  ) {}

  while<T>(request: Pick<TaktRequest, 'headers'>): MonoTypeOperatorFunction<T> {
    const credentials = { bearer: request.headers.authorization, session: sessionOf(request) };
    const ended = interval(this.everyMs).pipe(
      exhaustMap(() =>
        from(this.authenticator.authenticate(credentials, '')).pipe(
          map(() => false),
          // A database that is away says nothing about the token.
          catchError((error: unknown) => of(error instanceof TaktError)),
        ),
      ),
      filter((gone) => gone),
    );
    return takeUntil(ended);
  }
}

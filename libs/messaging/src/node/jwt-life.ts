import { decode } from '@nats-io/jwt';

/** What a user JWT says of its own life, by the clock of the server that issued it. */
export interface JwtLife {
  /** ms since the epoch. */
  readonly issuedAtMs: number;
  /** Time from its issue to its end, ms; undefined where it never ends. */
  readonly lifeMs: number | undefined;
}

/** @throws on a damaged JWT */
export const jwtLife = (jwt: string): JwtLife => {
  const { iat, exp } = decode(jwt);
  return { issuedAtMs: iat * 1000, lifeMs: exp === undefined ? undefined : (exp - iat) * 1000 };
};

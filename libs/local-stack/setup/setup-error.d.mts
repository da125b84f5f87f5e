export class SetupError extends Error {
  readonly action: string;
  constructor(message: string, action: string);
}

export class Interrupted extends Error {}

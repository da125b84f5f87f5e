/** A refusal with a next step; printed without a stack trace. */
export class SetupError extends Error {
  constructor(message, action) {
    super(message);
    this.action = action;
  }
}

/** A person asked to end: not an error. */
export class Interrupted extends Error {}

/** What an error says, as data; text for people is made from it in one place (`message`, `action`). */
export interface TaktErrorInit {
  /** Stable machine code in PascalCase, e.g. `ArtifactDigestMismatch`. Never reused for another meaning. */
  readonly code: string;
  /** One sentence that names the object: "artifact sha256:ab… has another digest than announced". */
  readonly message: string;
  /** The one next thing a person should do: "push the file again". */
  readonly action: string;
  /** Where in a longer operation it happened, e.g. `fetching`. */
  readonly phase?: string;
  /** The part that reports it, e.g. `artifact-store`. */
  readonly component?: string;
  /** The object concerned (node, file, digest, graph node…). */
  readonly element?: string;
  /** Whether the same call may succeed later without anybody changing anything. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Plain form of a {@link TaktError}: what goes over a wire or into a row. */
export interface TaktErrorData {
  readonly code: string;
  readonly message: string;
  readonly action: string;
  readonly phase?: string | undefined;
  readonly component?: string | undefined;
  readonly element?: string | undefined;
  readonly retryable: boolean;
}

/** The one error class of takt: every refusal and failure that reaches a person carries a code and a next action. */
export class TaktError extends Error {
  readonly code: string;
  readonly action: string;
  readonly phase: string | undefined;
  readonly component: string | undefined;
  readonly element: string | undefined;
  readonly retryable: boolean;

  constructor(init: TaktErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'TaktError';
    this.code = init.code;
    this.action = init.action;
    this.phase = init.phase;
    this.component = init.component;
    this.element = init.element;
    this.retryable = init.retryable ?? false;
  }

  toData(): TaktErrorData {
    return {
      code: this.code,
      message: this.message,
      action: this.action,
      phase: this.phase,
      component: this.component,
      element: this.element,
      retryable: this.retryable,
    };
  }

  /** Rebuilds an error that crossed a process boundary. */
  static fromData(data: TaktErrorData): TaktError {
    const { code, message, action, retryable } = data;
    return new TaktError({
      code,
      message,
      action,
      retryable,
      ...(data.phase === undefined ? {} : { phase: data.phase }),
      ...(data.component === undefined ? {} : { component: data.component }),
      ...(data.element === undefined ? {} : { element: data.element }),
    });
  }

  /** Wraps anything thrown: a TaktError stays itself, all else becomes `fallback` with the thrown value as its cause. */
  static from(thrown: unknown, fallback: Omit<TaktErrorInit, 'message' | 'cause'>): TaktError {
    if (thrown instanceof TaktError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new TaktError({ ...fallback, message, cause: thrown });
  }
}

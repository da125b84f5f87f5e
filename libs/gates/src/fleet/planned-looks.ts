/** How long a gate measures. */
export interface LookPlan {
  /** From here on it may pass, seconds after the wave began to soak. */
  readonly soakSeconds: number;
  /** Here it has its last look, seconds after the wave began to soak. */
  readonly maxSoakSeconds: number;
}

/** One look of a gate at its figures: what it may use of them, and how sure it must be. */
export interface Look {
  /** From 1; looks that found too few figures to test anything count too. */
  readonly number: number;
  readonly planned: number;
  /** Figures count up to here, seconds after the wave began to soak. */
  readonly upToSeconds: number;
  /** One-sided confidence that a bound is kept; null while the soak lasts, when no gate passes. */
  readonly confidenceToPass: number | null;
  /** One-sided confidence that a bound is broken. */
  readonly confidenceToFail: number;
  /** When the next one is, seconds after the wave began to soak; null after the last. */
  readonly nextAtSeconds: number | null;
}

/** Half the soak (there it may only fail), the soak, and from there on twice as long each time, up to the longest soak. */
export function lookTimes({ soakSeconds, maxSoakSeconds }: LookPlan): number[] {
  const last = Math.max(soakSeconds, maxSoakSeconds);
  const times = [soakSeconds / 2];
  for (let at = soakSeconds; at < last; at *= 2) times.push(at);
  return [...times, last];
}

/**
 * The look whose figures are complete at `elapsedSeconds`; null before the first.
 *
 * A gate that is looked at again and again at the same confidence passes a bad engine more often than that says (Armitage,
 * McPherson and Rowe 1969). So looks are planned, each uses the figures up to its own time and no later ones, and the error rate is
 * spent over them: half of it at the first look, half of what is left at each further one, all that is left at the last. By
 * Bonferroni's inequality the sum bounds the error of the whole sequence, however the looks depend on each other; passing and
 * failing have an error rate each. A look without enough figures tests nothing (`isMeasured` is false) and spends nothing.
 */
export function lookAt(
  plan: LookPlan,
  confidence: number,
  elapsedSeconds: number,
  isMeasured: (upToSeconds: number) => boolean,
): Look | null {
  const times = lookTimes(plan);
  const due = times.filter((at) => at <= elapsedSeconds);
  const upToSeconds = due.at(-1);
  if (upToSeconds === undefined) return null;
  const tested = due.filter((at) => isMeasured(at));
  const isLast = due.length === times.length;
  const alpha = 1 - confidence;
  const spent = (looks: number): number => alpha / 2 ** (isLast ? Math.max(0, looks - 1) : looks);
  const passing = tested.filter((at) => at >= plan.soakSeconds).length;
  return {
    number: due.length,
    planned: times.length,
    upToSeconds,
    confidenceToPass: upToSeconds < plan.soakSeconds ? null : 1 - spent(Math.max(1, passing)),
    confidenceToFail: 1 - spent(Math.max(1, tested.length)),
    nextAtSeconds: times[due.length] ?? null,
  };
}

/**
 * Up to when figures have come, seconds: the slot that is furthest behind decides, but none that has been silent for longer than
 * `graceSeconds` is waited for. `latest` has the time of each slot's last reading.
 */
export function figuresUntil(nowSeconds: number, latest: readonly number[], graceSeconds: number): number {
  const awaited = latest.filter((at) => nowSeconds - at <= graceSeconds);
  return awaited.length === 0 ? nowSeconds - graceSeconds : Math.min(...awaited);
}

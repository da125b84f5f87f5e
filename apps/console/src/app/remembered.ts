/** Choices that outlive a visit; a browser that keeps nothing for us only forgets them. */
type Choice = 'language' | 'color-scheme';

export function recall(choice: Choice): string | null {
  try {
    return localStorage.getItem(`takt-${choice}`);
  } catch {
    return null;
  }
}

export function remember(choice: Choice, value: string): void {
  try {
    localStorage.setItem(`takt-${choice}`, value);
  } catch {
    // Nothing to do: the choice holds for this visit.
  }
}

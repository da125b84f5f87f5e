/** Waits for `work` and whether it ended, well or not, before `limitMs`. What it throws is its caller's to log. */
export async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, limitMs);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  return Promise.race([ended, limit]).finally(() => {
    clearTimeout(timer);
  });
}

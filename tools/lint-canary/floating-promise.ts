// project: apps/agent  rule: @typescript-eslint/no-floating-promises
export const forget = (): void => {
  Promise.resolve(1).then(() => undefined);
};

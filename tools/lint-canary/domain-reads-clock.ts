// project: libs/gates  rule: no-restricted-properties
export const now = (): number => Date.now();

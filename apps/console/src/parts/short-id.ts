/** First part of an id: enough to tell them apart, and what the command line takes for the whole. */
export const shortId = (id: string): string => id.slice(0, 8);

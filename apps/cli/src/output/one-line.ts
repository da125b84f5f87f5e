/**
 * Text from anywhere in a place that holds one line: with its line ends shown, a message could pass for lines of takt's own. Colours
 * of takt's style stay.
 */
export const oneLine = (text: string): string => text.replace(/\s*[\n\t]\s*/g, ' ');

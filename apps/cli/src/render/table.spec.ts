import { describe, expect, it } from 'vitest';
import { markedStyle, plainStyle } from '../output/style.js';
import { renderPairs, renderTable } from './table.js';

const columns = [
  { heading: 'Node', value: (row: { name: string; fps: string }) => row.name },
  { heading: 'FPS', value: (row: { name: string; fps: string }) => row.fps, align: 'right' as const },
];
const rows = [
  { name: 'a', fps: '7.5' },
  { name: 'node-b\n  second line', fps: '12.0' },
];

const COLOUR = /\u001B\[[\d;]+m/g;

describe('renderTable', () => {
  it('is plain columns with one line per row and no trailing blanks', () => {
    expect(renderTable(columns, rows, plainStyle)).toBe(
      ['Node                 FPS', 'a                    7.5', 'node-b second line  12.0'].join('\n'),
    );
  });

  it('keeps its columns when headings are coloured', () => {
    const text = renderTable(columns, rows, markedStyle(7216003));
    expect(text).toMatch(COLOUR);
    expect(
      text
        .replace(COLOUR, '')
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual(renderTable(columns, rows, plainStyle).split('\n'));
  });
});

describe('renderPairs', () => {
  it('aligns the names', () => {
    expect(
      renderPairs(
        [
          ['a', '1'],
          ['long', '2'],
          ['none', ''],
          ['many', '3\n\tlong  4'],
        ],
        plainStyle,
      ),
    ).toBe('a     1\nlong  2\nnone\nmany  3 long  4');
  });
});

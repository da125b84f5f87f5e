import { describe, expect, it } from 'vitest';
import { formatDetectorDescription, parseDetectorDescription } from './detector-description.js';
import type { DetectorDescription } from './detector-description.js';

const description: DetectorDescription = {
  family: 'yolox',
  width: 416,
  height: 320,
  classes: 80,
  input: { name: 'images', type: 'uint8', order: 'bgr', range: 'byte', placement: 'top-left' },
  head: {
    kind: 'logits',
    scales: [
      {
        stride: 8,
        anchors: [[10, 13.5]],
        outputs: [
          { role: 'box', name: 'box_q', scale: [0.1, 0.2], zeroPoint: [-4.5, 128] },
          { role: 'classes', name: 'classes', scale: null, zeroPoint: null },
        ],
      },
    ],
  },
};

describe('the description of a detector', () => {
  it('is read as it was written', () => {
    expect(parseDetectorDescription(formatDetectorDescription(description))).toEqual(description);
    const decoded = { ...description, head: { kind: 'decoded' as const } };
    expect(parseDetectorDescription(formatDetectorDescription(decoded))).toEqual(decoded);
  });

  const written = JSON.parse(formatDetectorDescription(description)) as Record<string, unknown>;
  const scale = description.head.kind === 'logits' ? description.head.scales[0] : undefined;
  it.each([
    ['not JSON', '{'],
    ['no object', '[]'],
    ['its version is 2', JSON.stringify({ ...written, version: 2 })],
    ['family is "yolo9"', JSON.stringify({ ...written, family: 'yolo9' })],
    ['width is no positive whole number', JSON.stringify({ ...written, width: -1 })],
    ['height is 1073741824, more than 16384', JSON.stringify({ ...written, height: 2 ** 30 })],
    ['classes is 2147483648, more than 65536', JSON.stringify({ ...written, classes: 2 ** 31 })],
    ['input.type', JSON.stringify({ ...written, input: { ...description.input, type: 'int4' } })],
    ['head.kind', JSON.stringify({ ...written, head: {} })],
    ['head.scales is no list', JSON.stringify({ ...written, head: { kind: 'logits' } })],
    [
      'head.scales[0].anchors is no number',
      JSON.stringify({ ...written, head: { kind: 'logits', scales: [{ ...scale, anchors: [[1]] }] } }),
    ],
    [
      'head.scales[0].outputs[0] has 1 scales and 2 zero points',
      JSON.stringify({
        ...written,
        head: { kind: 'logits', scales: [{ ...scale, outputs: [{ role: 'all', name: 'a', scale: [1], zeroPoint: [1, 2] }] }] },
      }),
    ],
    [
      'head.scales[0].outputs[0].name is missing',
      JSON.stringify({
        ...written,
        head: { kind: 'logits', scales: [{ ...scale, outputs: [{ role: 'all', scale: null, zeroPoint: null }] }] },
      }),
    ],
  ])('is refused where %s', (message, text) => {
    expect(() => parseDetectorDescription(text)).toThrow(message);
  });
});

import { TaktError } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkModel } from '../check/check-model.js';
import { DataType } from './messages.js';
import { MAX_MODEL_BYTES, parseModel, serializeModel } from './model-file.js';
import { makeNode } from './node.js';
import { floatTensor } from './tensor.js';

const small = serializeModel({
  irVersion: 8,
  producerName: 'spec',
  opsetImport: [{ domain: '', version: 13 }],
  metadataProps: [],
  functions: [],
  graph: {
    name: 'g',
    node: [makeNode('Add', 'add', ['x', 'w'], ['y'])],
    initializer: [floatTensor('w', [3], Float32Array.of(1, 2, 3))],
    input: [{ name: 'x', type: { tensorType: { elemType: DataType.float, shape: { dim: [{ dimValue: 3 }] } } } }],
    output: [{ name: 'y' }],
    valueInfo: [],
  },
});

const codeOf = (bytes: Uint8Array): string => {
  try {
    checkModel(parseModel(bytes));
    return 'accepted';
  } catch (thrown) {
    if (thrown instanceof TaktError) return thrown.code;
    throw thrown;
  }
};

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('parseModel', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['text', ascii('names: [a, b]\n')],
    ['a JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46)],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
    ['a zip (a PyTorch checkpoint)', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 8, 8)],
    ['zeros', new Uint8Array(100)],
    ['an HTML error page', ascii('<!DOCTYPE html><html><body>404</body></html>')],
  ])('says that %s is no model', (_, bytes) => {
    expect(codeOf(bytes)).toBe('OnnxNotAModel');
  });

  it('refuses every prefix of a model with a code', () => {
    for (let length = 2; length < small.length; length++) {
      expect(['OnnxTruncated', 'OnnxOpsetUnsupported', 'OnnxMalformed']).toContain(codeOf(small.subarray(0, length)));
    }
    expect(codeOf(small)).toBe('accepted');
  });

  it('never throws anything but a TaktError, whatever bytes are damaged', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), (damage) => {
        const bytes = small.slice();
        for (const [at, value] of damage) bytes[at] = value;
        expect(typeof codeOf(bytes)).toBe('string');
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses a length that points behind the end without reading it', () => {
    expect(codeOf(Uint8Array.of(0x08, 0x08, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1))).toBe('OnnxTruncated');
  });

  it('refuses more than 2 GiB before it looks at them', () => {
    const huge = Object.defineProperty(new Uint8Array(), 'length', { value: MAX_MODEL_BYTES + 1 });
    expect(() => parseModel(huge)).toThrowError(/2147483648 bytes/);
  });
});

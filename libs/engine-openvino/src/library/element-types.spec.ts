import { describe, expect, it } from 'vitest';
import { parseElementTypes } from './element-types.js';

/** Two releases number their types differently. */
const header = (first: string): string => `
/** @enum ov_element_type_e: codes, see element_type.hpp { } */
typedef enum { OK = 0, GENERAL_ERROR = -1 } ov_status_e;
typedef enum {
    ${first}
    BF16,          //!< bf16, of BOOLEAN's size = no
    F32, I8, I32, I64, U8,
} ov_element_type_e;`;

describe('element types of a header', () => {
  it('are numbered as that release numbers them', () => {
    const old = parseElementTypes(header('UNDEFINED = 0U, DYNAMIC, BOOLEAN,'));
    const recent = parseElementTypes(header('DYNAMIC = 0U, BOOLEAN,'));
    expect(['float32', 'int8', 'int32', 'int64', 'uint8'].map((type) => old?.numberOf(type as 'int8'))).toEqual([4, 5, 6, 7, 8]);
    expect(recent?.numberOf('float32')).toBe(3);
    expect(recent?.nameOf(3)).toBe('float32');
    expect(recent?.nameOf(2)).toBe('bf16');
    expect(recent?.nameOf(99)).toBe('element type 99');
  });

  it('are not guessed where the header lacks one', () => {
    expect(parseElementTypes('typedef enum { F32, I8 } ov_element_type_e;')).toBeUndefined();
    expect(parseElementTypes('typedef enum { F32 = X, I8, I32, I64, U8 } ov_element_type_e;')).toBeUndefined();
    expect(parseElementTypes('')).toBeUndefined();
  });
});

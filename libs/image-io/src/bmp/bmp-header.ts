/** How the pixels of a BMP file are stored. */
export const BmpCompression = { none: 0, runs8: 1, runs4: 2, masks: 3 } as const;

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows are stored from the top; usually from the bottom. */
  readonly topDown: boolean;
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  readonly compression: number;
  /** Blue, green, red of each entry; empty above 8 bits. Entries that the file lacks are black. */
  readonly palette: Uint8Array;
  /** Bits of red, green and blue in a pixel of 16 or 32 bits. */
  readonly masks: readonly [number, number, number];
  /** Where the pixels begin. */
  readonly offset: number;
}

const FILE_HEADER = 14;
/** OS/2's header; all later ones have Windows' fields at the same places. */
const CORE_HEADER = 12;
const INFO_HEADER = 40;
/** The first header that holds masks of red, green, blue and alpha itself; behind shorter ones they follow, at the same place. */
const MASK_HEADER = 56;
const MASKS_16: BmpHeader['masks'] = [0x7c00, 0x3e0, 0x1f];
/** Of pixels of 24 and 32 bits where the file names no others. */
export const MASKS_32: BmpHeader['masks'] = [0xff0000, 0xff00, 0xff];

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d;

/** Reads the headers of a BMP file, OS/2's or Windows'. Throws an Error that says what is wrong with it. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER + CORE_HEADER) throw new Error('the BMP header is cut off');
  const offset = view.getUint32(10, true);
  const headerSize = view.getUint32(14, true);
  const core = headerSize === CORE_HEADER;
  if ((!core && headerSize < INFO_HEADER) || bytes.length < FILE_HEADER + headerSize) throw new Error('the BMP header has no known size');
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(core ? 24 : 28, true);
  const compression = core ? BmpCompression.none : view.getUint32(30, true);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw new Error(`a BMP of ${String(width)} by ${String(signedHeight)} pixels`);
  if (!isBitCount(bits) || !stores(compression, bits)) {
    throw new Error(`a BMP of ${String(bits)} bits a pixel with compression ${String(compression)} is not read`);
  }
  const used = core ? 0 : view.getUint32(46, true);
  const after = FILE_HEADER + headerSize;
  const palette = bits <= 8 ? readPalette(bytes, after, bits, used, core ? 3 : 4) : new Uint8Array(0);
  // Of 32 bits OpenCV heeds masks only where they are part of the header; behind a shorter one it takes blue, green, red.
  const masked = compression === BmpCompression.masks && (bits === 16 || headerSize >= MASK_HEADER);
  const masks = masked ? readMasks(view) : bits === 16 ? MASKS_16 : MASKS_32;
  return { width, height, topDown: signedHeight < 0, bits, compression, palette, masks, offset };
}

const isBitCount = (bits: number): bits is BmpHeader['bits'] => [1, 4, 8, 16, 24, 32].includes(bits);

function stores(compression: number, bits: BmpHeader['bits']): boolean {
  switch (compression) {
    case BmpCompression.none:
      return true;
    case BmpCompression.runs8:
      return bits === 8;
    case BmpCompression.runs4:
      return bits === 4;
    case BmpCompression.masks:
      return bits === 16 || bits === 32;
    default:
      return false;
  }
}

function readPalette(bytes: Uint8Array, at: number, bits: number, used: number, entrySize: number): Uint8Array {
  const entries = 1 << bits;
  const count = used === 0 ? entries : used;
  if (count > entries || at + count * entrySize > bytes.length) throw new Error(`the BMP has no palette of ${String(count)} colours`);
  const palette = new Uint8Array(entries * 3);
  for (let entry = 0; entry < count; entry += 1) palette.set(bytes.subarray(at + entry * entrySize, at + entry * entrySize + 3), entry * 3);
  return palette;
}

function readMasks(view: DataView): BmpHeader['masks'] {
  const at = FILE_HEADER + INFO_HEADER;
  if (view.byteLength < at + 12) throw new Error('the BMP has no colour masks');
  const masks = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true)] as const;
  if (masks.some((mask) => mask === 0)) throw new Error('a colour mask of the BMP is empty');
  return masks;
}

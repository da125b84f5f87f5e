const START_OF_SCAN = 0xda;
/** Start-of-frame markers: C0 to CF but for DHT, JPG and DAC. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Components of a JPEG (1 grey, 3 colours, 4 inks) from the segments before its first scan; undefined for bytes that are no JPEG. */
export function jpegComponents(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] as number;
    if (marker === START_OF_SCAN) break;
    if (isFrame(marker)) return bytes[at + 9];
    // A marker may be preceded by any number of fill bytes.
    at += marker === 0xff ? 1 : 2 + (bytes[at + 2] as number) * 256 + (bytes[at + 3] as number);
  }
  return undefined;
}

/**
 * Four inks as a JPEG stores them (inverted: 255 is no ink) → RGB, by OpenCV's formula: each colour is dimmed by black, in
 * 8-bit integers, without a colour profile.
 */
export function inksToRgb(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4, to += 3) {
    const black = inks[from + 3] as number;
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[to + channel] = black - (((255 - (inks[from + channel] as number)) * black) >> 8);
    }
  }
  return rgb;
}

/** Pseudo-random numbers (xorshift32): the same seed rolls the same everywhere. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.state = (Math.imul(seed + 1, 0x9e3779b9) ^ 0x85ebca6b) >>> 0 || 1;
    for (let i = 0; i < 8; i += 1) this.roll(1);
  }

  /** A whole number from 0 to below `below`. */
  roll(below: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    this.state >>>= 0;
    return this.state % below;
  }

  /** One of the given ones, of which there must be some. */
  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)] as T;
  }
}

/** Random cases that can be had again: a title names the seed, TEST_SEED=... repeats it. */

/** A new seed for each run, or the one of the environment variable TEST_SEED. */
export function testSeed(): number {
  const given = process.env.TEST_SEED;
  if (given === undefined) return Date.now() % 0x7fffffff;
  if (!/^\d+$/.test(given)) throw new Error(`TEST_SEED is "${given}"; it must be a whole number`);
  return Number(given);
}

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1): mulberry32 (Tommy Ettinger, public domain). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [from, to]. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)];
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A float32 in [-1, 1), never 0 so that nothing is lost in a product. */
  value(): number {
    return Math.fround(this.next() * 2 - 1) || 0.5;
  }
}

/** The generator of all random values, which the workers share, and its keys. */
import type { PhiloxKey } from "../../workers/philox.js";

export { philoxFill, type PhiloxCounter, type PhiloxKey } from "../../workers/philox.js";

/** Halves of a seed from 0 to 2^53 - 1. */
export const keyOfSeed = (seed: number): PhiloxKey => [(seed % 2 ** 32) | 0, Math.floor(seed / 2 ** 32)];

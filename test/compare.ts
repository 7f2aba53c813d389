/** Comparing computed numbers with expected ones, so that a failure says where and how far. */
import { assert } from "chai";
import type { Network } from "../lib/network/layers.js";
import { parametersOf } from "../lib/network/parameters.js";
import { elementsOf } from "../lib/network/shapes.js";

/** Plain and typed arrays. */
export type Numbers = ArrayLike<number> & Iterable<number>;

export interface Closeness {
  /** Of both; where it has four axes a failure is shown as n, c, h, w. */
  readonly shape: readonly number[];
  /** The greatest difference allowed, as a share of the largest finite |expected|; 0: equal numbers. */
  readonly tolerance: number;
  /** What is compared, for the message. */
  readonly what: string;
}

/**
 * Fails where a length is not that of the shape, where a NaN or an infinity stands on one side only (or with the
 * other sign), and where a difference is greater than allowed; names the first such element and the largest
 * difference of all. -0 equals 0.
 */
export function expectClose(actual: Numbers, expected: Numbers, rules: Closeness): void {
  const { shape, tolerance, what } = rules;
  if (!(tolerance >= 0)) assert.fail(`${what}: tolerance ${tolerance} must be 0 or more`);
  const length = elementsOf(shape);
  if (actual.length !== length)
    assert.fail(`${what}: got ${actual.length} elements, [${shape.join(", ")}] has ${length}`);
  if (expected.length !== length)
    assert.fail(`${what}: expected values are ${expected.length}, [${shape.join(", ")}] has ${length}`);
  const allowed = tolerance * largestOf(expected);
  let bad = 0;
  let firstBad = -1;
  let greatest = 0;
  for (let i = 0; i < length; i++) {
    const difference = differenceOf(actual[i], expected[i]);
    greatest = Math.max(greatest, difference);
    if (difference <= allowed) continue;
    bad++;
    if (firstBad < 0) firstBad = i;
  }
  if (bad === 0) return;
  assert.fail(
    `${what}: ${bad} of ${length} elements differ by more than ${allowed}; first at ${placeOf(firstBad, shape)}:` +
      ` got ${actual[firstBad]}, expected ${expected[firstBad]}; largest difference ${greatest}`,
  );
}

/** max |actual - expected| / max |expected|, with infinity where only one side is NaN or infinite. */
export function maxRelativeToLargest(actual: Numbers, expected: Numbers): number {
  if (actual.length !== expected.length)
    assert.fail(`got ${actual.length} elements, expected ${expected.length}`);
  let greatest = 0;
  for (let i = 0; i < expected.length; i++)
    greatest = Math.max(greatest, differenceOf(actual[i], expected[i]));
  return greatest === 0 ? 0 : greatest / largestOf(expected);
}

function differenceOf(actual: number, expected: number): number {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0;
  return Number.isFinite(actual) && Number.isFinite(expected) ? Math.abs(actual - expected) : Infinity;
}

/**
 * Sums of n products in float32 are off by at most n half units in the last place (2^-24) of the sum of their
 * magnitudes, averages of n values likewise; layers behind each other add up. Measured against the largest output, with
 * a factor 2 for what the normalisation adds to them.
 */
export function toleranceOf(network: Network): number {
  const depths = parametersOf(network)
    .filter(({ kind }) => kind === "weight")
    .map(({ shape }) => elementsOf(shape.slice(1)));
  const windows = network.layers.map((layer) =>
    layer.type === "average-pooling" ? elementsOf(layer.kernel) : 0,
  );
  const terms = [...depths, ...windows].reduce((sum, count) => sum + count, 16);
  return 2 * terms * 2 ** -24;
}

/** The largest absolute value among the finite ones. */
function largestOf(values: Numbers): number {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  const axes = shape.length === 4 ? ["n", "c", "h", "w"] : shape.map((_, axis) => `axis ${axis}`);
  return place.map((at, axis) => `${axes[axis]} ${at}`).join(", ");
}

/** Filters into Winograd's planes, U = G g G^T, in float64 and rounded once. */
import { filterTransform, PLANES, POINTS } from "../../../workers/winograd.js";

/**
 * Filters that are transformed before they go to their planes: the planes lie whole pages apart, where single values
 * would all go through one cache set.
 */
const GROUP = 32;

/** A transform for the square filters of a panel. */
export class FilterTransform {
  readonly #taps: 3 | 5;
  readonly #order: Int32Array;
  readonly #panel: number;
  /** G, [POINTS][taps]. */
  readonly #matrix: Float64Array;
  /** g, [taps][taps]. */
  readonly #filter: Float64Array;
  /** G g, [POINTS][taps]. */
  readonly #half: Float64Array;
  /** U of a group, [PLANES][GROUP][panel]. */
  readonly #group: Float32Array;

  /** @param order [filters][taps][taps], the element of an output's row that each tap takes; -1 is zero */
  constructor(taps: 3 | 5, order: Int32Array, panel: number) {
    this.#taps = taps;
    this.#order = order;
    this.#panel = panel;
    this.#matrix = Float64Array.from(filterTransform(taps).flat());
    this.#filter = new Float64Array(taps * taps);
    this.#half = new Float64Array(POINTS * taps);
    this.#group = new Float32Array(PLANES * GROUP * panel);
  }

  /**
   * Transforms the filters of a panel's rows [outputs][perOutput]: element (i, j) of filter n of row r goes to
   * target[first + (POINTS i + j) plane + n panel + r]; zeros for the rows that a last panel lacks.
   */
  run(rows: Float32Array, perOutput: number, target: Float32Array, first: number, plane: number): void {
    const panel = this.#panel;
    const group = this.#group;
    const outputs = rows.length / perOutput;
    const filters = this.#order.length / this.#filter.length;
    if (outputs < panel) group.fill(0);
    for (let from = 0; from < filters; from += GROUP) {
      const count = Math.min(GROUP, filters - from);
      for (let n = 0; n < count; n++)
        for (let r = 0; r < outputs; r++) {
          this.#take(rows, r * perOutput, from + n);
          this.#transform(n * panel + r);
        }
      for (let index = 0; index < PLANES; index++) {
        const at = index * GROUP * panel;
        target.set(group.subarray(at, at + count * panel), first + index * plane + from * panel);
      }
    }
  }

  #take(rows: Float32Array, row: number, n: number): void {
    const filter = this.#filter;
    const order = this.#order;
    for (let tap = 0, at = n * filter.length; tap < filter.length; tap++, at++)
      filter[tap] = order[at] < 0 ? 0 : rows[row + order[at]];
  }

  /** To `at` and on, every GROUP panels. Loops over three or five taps are unrolled: V8 does not. */
  #transform(at: number): void {
    const taps = this.#taps;
    const five = taps === 5;
    const matrix = this.#matrix;
    const filter = this.#filter;
    const half = this.#half;
    const group = this.#group;
    const end = POINTS * taps;
    for (let i = 0; i < end; i += taps) {
      const a = matrix[i];
      const b = matrix[i + 1];
      const c = matrix[i + 2];
      for (let x = 0; x < taps; x++) {
        let sum = 0 + a * filter[x] + b * filter[taps + x] + c * filter[2 * taps + x];
        if (five) sum = sum + matrix[i + 3] * filter[15 + x] + matrix[i + 4] * filter[20 + x];
        half[i + x] = sum;
      }
    }
    for (let i = 0, to = at; i < end; i += taps) {
      const a = half[i];
      const b = half[i + 1];
      const c = half[i + 2];
      for (let j = 0; j < end; j += taps, to += GROUP * this.#panel) {
        let sum = 0 + a * matrix[j] + b * matrix[j + 1] + c * matrix[j + 2];
        if (five) sum = sum + half[i + 3] * matrix[j + 3] + half[i + 4] * matrix[j + 4];
        group[to] = sum;
      }
    }
  }
}

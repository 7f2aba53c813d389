/** Filters into Winograd's planes, U = G g G^T, in float64 and rounded once. */
import { filterTransform, PLANES, POINTS } from "../../workers/winograd.js";

/** A transform for square filters of so many taps. */
export class FilterTransform {
  readonly #taps: number;
  /** G, [POINTS][taps]. */
  readonly #matrix: Float64Array;
  /** G g, [POINTS][taps]. */
  readonly #half: Float64Array;

  constructor(taps: number) {
    this.#taps = taps;
    this.#matrix = Float64Array.from(filterTransform(taps).flat());
    this.#half = new Float64Array(POINTS * taps);
  }

  /**
   * Transforms filters [count][taps][taps]:
   * element (i, j) of filter n goes to target[first + (POINTS i + j) plane + n step].
   */
  run(
    filters: Float32Array,
    count: number,
    target: Float32Array,
    first: number,
    plane: number,
    step: number,
  ): void {
    const taps = this.#taps;
    const matrix = this.#matrix;
    const half = this.#half;
    for (let n = 0; n < count; n++) {
      const filter = n * taps * taps;
      for (let i = 0; i < POINTS; i++)
        for (let x = 0; x < taps; x++) {
          let sum = 0;
          for (let y = 0; y < taps; y++) sum += matrix[i * taps + y] * filters[filter + y * taps + x];
          half[i * taps + x] = sum;
        }
      for (let index = 0; index < PLANES; index++) {
        const i = Math.floor(index / POINTS) * taps;
        const j = (index % POINTS) * taps;
        let sum = 0;
        for (let x = 0; x < taps; x++) sum += half[i + x] * matrix[j + x];
        target[first + index * plane + n * step] = sum;
      }
    }
  }
}

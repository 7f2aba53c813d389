import { softmax } from "../engine/softmax.js";

/** Probabilities of an image: the mean of its crops', after softmax (paper, section 4.1), in float64. */
export class MeanProbabilities {
  #sums: Float64Array = new Float64Array();
  #crops = 0;

  /** Takes the network's output [classes] for one crop. */
  add(logits: ArrayLike<number>): void {
    const probabilities = softmax(logits);
    this.#sums =
      this.#crops === 0 ? probabilities : this.#sums.map((sum, index) => sum + probabilities[index]);
    this.#crops++;
  }

  /** By class; none before the first crop. */
  mean(): Float64Array {
    return this.#sums.map((sum) => sum / this.#crops);
  }
}

/** Whether contestants compute the same network. */
import { maxRelativeToLargest } from "../test/compare.js";

export interface Answering {
  readonly name: string;
  /** Values before softmax for the seeded input. */
  readonly logits: (images: number) => Promise<Float32Array>;
}

/** Of the largest logit: what a peer computes is the same network, or the comparison means nothing. */
const TOLERANCE = 1e-4;

/**
 * Compares everybody's logits with the first one's, which are ours.
 * @throws Error where they are too far away.
 */
export async function checkLogits([first, ...others]: readonly Answering[], images: number): Promise<void> {
  const expected = await first.logits(images);
  for (const other of others) {
    const worst = maxRelativeToLargest(await other.logits(images), expected);
    if (!(worst <= TOLERANCE))
      throw new Error(
        `${other.name}: logits are ${worst} of the largest away from ours, more than ${TOLERANCE}`,
      );
  }
}

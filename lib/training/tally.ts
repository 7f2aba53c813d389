/** Sums over images, of which the rows of the metrics are made. */
import type { Measures } from "./metrics/rows.js";
import type { StepResult } from "./step-runner.js";

/** With so many classes or fewer, to be among the five most probable ones says nothing. */
const FEW_CLASSES = 5;

const SUMS = ["images", "loss", "top1", "top5"] as const;
/** Images, their cross-entropies in nats, and how many have their class as the most probable one, or among five. */
export type Sums = Readonly<Record<(typeof SUMS)[number], number>>;

export class Tally {
  #sums: Sums;

  /** Goes on from sums that were kept under a prefix. */
  constructor(kept: Readonly<Record<string, number>> = {}, prefix = "") {
    const [images, loss, top1, top5] = SUMS.map((name) => kept[prefix + name] ?? 0);
    this.#sums = { images, loss, top1, top5 };
  }

  get images(): number {
    return this.#sums.images;
  }

  add({ losses, ranks }: Pick<StepResult, "losses" | "ranks">): void {
    let { images, loss, top1, top5 } = this.#sums;
    for (let image = 0; image < losses.length; image++) {
      images++;
      loss += losses[image];
      if (ranks[image] < 1) top1++;
      if (ranks[image] < 5) top5++;
    }
    this.#sums = { images, loss, top1, top5 };
  }

  /** The sums under their names behind a prefix, for a checkpoint. */
  keep(prefix = ""): Record<string, number> {
    return Object.fromEntries(SUMS.map((name) => [prefix + name, this.#sums[name]]));
  }

  measures(classes: number): Measures {
    const { images, loss, top1, top5 } = this.#sums;
    if (images === 0) return { loss: null, top1: null, top5: null };
    return {
      loss: loss / images,
      top1: top1 / images,
      top5: classes > FEW_CLASSES ? top5 / images : null,
    };
  }
}

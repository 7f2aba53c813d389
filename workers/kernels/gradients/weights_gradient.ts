import { packGradient, sumTile, TILE } from "./weights_tile";
import { WeightsGradientStep } from "./steps";

/**
 * dW of windows that lie close together, as a convolution's do: they are read in place. One panel of dy at a time, which
 * is copied into one piece, behind a tile in the scratch, and stays in the cache while the elements of the window go by,
 * MR of a run at a time. A run that ends inside a tile has that tile begin earlier, in front of a run that is shorter; what
 * it computes of elements that other tiles have, or that are not of the run, is not kept. So an element's bits do not
 * depend on the tile that it falls into.
 */
@inline
export function weightsGradient(address: usize, image: i32, slot: i32, MR: i32, NR: i32): void {
  const step = changetype<WeightsGradientStep>(address);
  const runLength = step.runLength;
  const rows = step.rows;
  const columns = step.columns;
  const scratch = <usize>step.scratch;
  const dy = scratch + TILE;
  const inputColumn = <usize>step.inputColumn;
  const inputSkip = <usize>(step.inputRow - columns * step.inputColumn);
  const depth = step.outerRuns * step.innerRuns * runLength;
  const input = step.input + image * step.inputImage;
  for (let panel = step.panelFrom; panel < step.panelTo; panel++) {
    packGradient(step, slot, panel, NR, dy);
    const valid = min(step.channels - panel * NR, NR);
    let output = step.output + panel * depth * (NR << 2);
    for (let outer = 0; outer < step.outerRuns; outer++)
      for (let inner = 0; inner < step.innerRuns; inner++) {
        const run = input + outer * step.outerStride + inner * step.innerStride;
        for (let i = 0; i < runLength; i += MR) {
          const first = min(i, runLength - MR);
          const x = <usize>(run + (first << 2));
          const place = <usize>(output + first * (NR << 2));
          sumTile(x, inputColumn, inputSkip, dy, rows, columns, place, i - first, MR, valid, step.accumulate, scratch, MR, NR);
        }
        output += runLength * (NR << 2);
      }
  }
}

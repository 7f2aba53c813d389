import { packGradient, sumTile, TILE } from "./weights_tile";
import { WeightsGradientStep } from "./steps";

/** Bytes of dy that are copied together: 32 panels of 16 channels and 64 of 8, of 128 positions, are 256 KB. */
const GROUP = 32 * 16;

/** `count` elements of every window's run, from `from` on, to [positions][MR] at `to`. */
@inline
function packInput(step: WeightsGradientStep, from: usize, count: i32, tileRows: i32, to: usize): void {
  const skip = <usize>(step.inputRow - step.columns * step.inputColumn);
  const row = <usize>(tileRows << 2);
  for (let y = step.rows; y > 0; y--, from += skip)
    for (let x = step.columns; x > 0; x--, from += step.inputColumn, to += row) {
      if (count == tileRows) {
        v128.store(to, v128.load(from));
        if (tileRows == 6) store<u64>(to, load<u64>(from, 16), 16);
        continue;
      }
      for (let i: usize = 0; i < <usize>(count << 2); i += 4) store<f32>(to + i, load<f32>(from + i));
    }
}

/**
 * The same dW, of windows that lie far apart, as those of a fully connected layer's images do: there the strides of x and
 * of dy are such that few lines of them are in a cache at once. So both are copied into the scratch: dy, behind the tile and x,
 * some panels at a time, and then MR elements of x at a time for all these panels.
 */
@inline
export function weightsGradientPacked(address: usize, image: i32, slot: i32, MR: i32, NR: i32): void {
  const step = changetype<WeightsGradientStep>(address);
  const runLength = step.runLength;
  const positions = step.rows * step.columns;
  const scratch = <usize>step.scratch;
  const xs = scratch + TILE;
  const dys = xs + <usize>(positions * (MR << 2));
  const panelBytes = <usize>(positions * (NR << 2));
  const depth = step.outerRuns * step.innerRuns * runLength;
  const input = step.input + image * step.inputImage;
  for (let group = step.panelFrom; group < step.panelTo; group += GROUP / NR) {
    const end = min(group + GROUP / NR, step.panelTo);
    for (let panel = group; panel < end; panel++)
      packGradient(step, slot, panel, NR, dys + <usize>(panel - group) * panelBytes);
    let output = step.output;
    for (let outer = 0; outer < step.outerRuns; outer++)
      for (let inner = 0; inner < step.innerRuns; inner++) {
        const run = input + outer * step.outerStride + inner * step.innerStride;
        for (let i = 0; i < runLength; i += MR) {
          const kept = min(runLength - i, MR);
          packInput(step, <usize>(run + (i << 2)), kept, MR, xs);
          for (let panel = group; panel < end; panel++) {
            const dy = dys + <usize>(panel - group) * panelBytes;
            const place = <usize>(output + (panel * depth + i) * (NR << 2));
            const valid = min(step.channels - panel * NR, NR);
            sumTile(xs, MR << 2, 0, dy, 1, positions, place, 0, kept, valid, step.accumulate, scratch, MR, NR);
          }
        }
        output += runLength * (NR << 2);
      }
  }
}

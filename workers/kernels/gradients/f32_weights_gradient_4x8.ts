import { madd } from "../madd";
import { keepRows } from "./weights_tile";
import { WeightsGradientStep } from "./steps";

const MR = 4;
const NR = 8;

/**
 * Outer products of a window's elements and of dy, both of which lie as they are needed: 4 neighbours of a run by 8
 * channels stay in registers while the positions of an image go by. Every element is one chain of multiply-adds in the
 * order of the positions, so its bits do not depend on the tile that it falls into. The rows of a run that fill no tile
 * are computed with those before them, again; what a tile computes beyond the run, or beyond the channels of a last panel,
 * is of neighbours in memory, and is not kept.
 */
export function f32_weights_gradient_4x8(address: usize, image: i32, slot: i32): void {
  const step = changetype<WeightsGradientStep>(address);
  const rows = step.rows;
  const columns = step.columns;
  const inputColumn = <usize>step.inputColumn;
  const gradientColumn = <usize>step.gradientColumn;
  const inputSkip = <usize>(step.inputRow - columns * step.inputColumn);
  const gradientSkip = <usize>(step.gradientRow - columns * step.gradientColumn);
  const runLength = step.runLength;
  const accumulate = step.accumulate;
  const scratch = <usize>step.scratch;
  const depth = step.outerRuns * step.innerRuns * runLength;
  for (let panel = step.panelFrom; panel < step.panelTo; panel++) {
    const valid = min(step.channels - panel * NR, NR);
    const gradient = <usize>(step.gradient + slot * step.gradientImage + panel * (NR << 2));
    let to = <usize>(step.output + panel * depth * (NR << 2));
    for (let outer = 0; outer < step.outerRuns; outer++)
      for (let inner = 0; inner < step.innerRuns; inner++) {
        const run = step.input + image * step.inputImage + outer * step.outerStride + inner * step.innerStride;
        for (let i = 0; i < runLength; i += MR) {
          // a last tile begins earlier, so that it reads no more than the run
          const first = max(min(i, runLength - MR), 0);
          let a = <usize>(run + (first << 2));
          let b = gradient;
          let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
          let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
          let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
          let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
          for (let row = rows; row > 0; row--) {
            for (let column = columns; column > 0; column--) {
              const b0 = v128.load(b, 0);
              const b1 = v128.load(b, 16);
              const x0 = v128.load32_splat(a, 0);
              c00 = madd(x0, b0, c00);
              c01 = madd(x0, b1, c01);
              const x1 = v128.load32_splat(a, 4);
              c10 = madd(x1, b0, c10);
              c11 = madd(x1, b1, c11);
              const x2 = v128.load32_splat(a, 8);
              c20 = madd(x2, b0, c20);
              c21 = madd(x2, b1, c21);
              const x3 = v128.load32_splat(a, 12);
              c30 = madd(x3, b0, c30);
              c31 = madd(x3, b1, c31);
              a += inputColumn;
              b += gradientColumn;
            }
            a += inputSkip;
            b += gradientSkip;
          }
          if (i + MR <= runLength && valid == NR) {
            const place = to + <usize>(i * (NR << 2));
            if (accumulate) {
              const d00 = v128.load(place, 0);
              const d01 = v128.load(place, 16);
              v128.store(place, f32x4.add(d00, c00), 0);
              v128.store(place, f32x4.add(d01, c01), 16);
              const d10 = v128.load(place, 32);
              const d11 = v128.load(place, 48);
              v128.store(place, f32x4.add(d10, c10), 32);
              v128.store(place, f32x4.add(d11, c11), 48);
              const d20 = v128.load(place, 64);
              const d21 = v128.load(place, 80);
              v128.store(place, f32x4.add(d20, c20), 64);
              v128.store(place, f32x4.add(d21, c21), 80);
              const d30 = v128.load(place, 96);
              const d31 = v128.load(place, 112);
              v128.store(place, f32x4.add(d30, c30), 96);
              v128.store(place, f32x4.add(d31, c31), 112);
            } else {
              v128.store(place, c00, 0);
              v128.store(place, c01, 16);
              v128.store(place, c10, 32);
              v128.store(place, c11, 48);
              v128.store(place, c20, 64);
              v128.store(place, c21, 80);
              v128.store(place, c30, 96);
              v128.store(place, c31, 112);
            }
            continue;
          }
          v128.store(scratch, c00, 0);
          v128.store(scratch, c01, 16);
          v128.store(scratch, c10, 32);
          v128.store(scratch, c11, 48);
          v128.store(scratch, c20, 64);
          v128.store(scratch, c21, 80);
          v128.store(scratch, c30, 96);
          v128.store(scratch, c31, 112);
          const skipped = i - first;
          const kept = min(runLength - i, MR);
          keepRows(scratch + <usize>(skipped * (NR << 2)), to + <usize>(i * (NR << 2)), kept, NR << 2, valid, accumulate);
        }
        to += <usize>(runLength * (NR << 2));
      }
  }
}

import { madd } from "../madd";
import { keepRows } from "./weights_tile";
import { WeightsGradientStep } from "./steps";

const MR = 6;
const NR = 16;

/**
 * Outer products of a window's elements and of dy, both of which lie as they are needed: 6 neighbours of a run by 16
 * channels stay in registers while the positions of an image go by. Every element is one chain of multiply-adds in the
 * order of the positions, so its bits do not depend on the tile that it falls into. The rows of a run that fill no tile
 * are computed with those before them, again; what a tile computes beyond the run, or beyond the channels of a last panel,
 * is of neighbours in memory, and is not kept.
 */
export function f32_weights_gradient_6x16(address: usize, image: i32, slot: i32): void {
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
          let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
          let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
          let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
          let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
          let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c42 = f32x4.splat(0), c43 = f32x4.splat(0);
          let c50 = f32x4.splat(0), c51 = f32x4.splat(0), c52 = f32x4.splat(0), c53 = f32x4.splat(0);
          for (let row = rows; row > 0; row--) {
            for (let column = columns; column > 0; column--) {
              const b0 = v128.load(b, 0);
              const b1 = v128.load(b, 16);
              const b2 = v128.load(b, 32);
              const b3 = v128.load(b, 48);
              const x0 = v128.load32_splat(a, 0);
              c00 = madd(x0, b0, c00);
              c01 = madd(x0, b1, c01);
              c02 = madd(x0, b2, c02);
              c03 = madd(x0, b3, c03);
              const x1 = v128.load32_splat(a, 4);
              c10 = madd(x1, b0, c10);
              c11 = madd(x1, b1, c11);
              c12 = madd(x1, b2, c12);
              c13 = madd(x1, b3, c13);
              const x2 = v128.load32_splat(a, 8);
              c20 = madd(x2, b0, c20);
              c21 = madd(x2, b1, c21);
              c22 = madd(x2, b2, c22);
              c23 = madd(x2, b3, c23);
              const x3 = v128.load32_splat(a, 12);
              c30 = madd(x3, b0, c30);
              c31 = madd(x3, b1, c31);
              c32 = madd(x3, b2, c32);
              c33 = madd(x3, b3, c33);
              const x4 = v128.load32_splat(a, 16);
              c40 = madd(x4, b0, c40);
              c41 = madd(x4, b1, c41);
              c42 = madd(x4, b2, c42);
              c43 = madd(x4, b3, c43);
              const x5 = v128.load32_splat(a, 20);
              c50 = madd(x5, b0, c50);
              c51 = madd(x5, b1, c51);
              c52 = madd(x5, b2, c52);
              c53 = madd(x5, b3, c53);
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
              const d02 = v128.load(place, 32);
              const d03 = v128.load(place, 48);
              v128.store(place, f32x4.add(d00, c00), 0);
              v128.store(place, f32x4.add(d01, c01), 16);
              v128.store(place, f32x4.add(d02, c02), 32);
              v128.store(place, f32x4.add(d03, c03), 48);
              const d10 = v128.load(place, 64);
              const d11 = v128.load(place, 80);
              const d12 = v128.load(place, 96);
              const d13 = v128.load(place, 112);
              v128.store(place, f32x4.add(d10, c10), 64);
              v128.store(place, f32x4.add(d11, c11), 80);
              v128.store(place, f32x4.add(d12, c12), 96);
              v128.store(place, f32x4.add(d13, c13), 112);
              const d20 = v128.load(place, 128);
              const d21 = v128.load(place, 144);
              const d22 = v128.load(place, 160);
              const d23 = v128.load(place, 176);
              v128.store(place, f32x4.add(d20, c20), 128);
              v128.store(place, f32x4.add(d21, c21), 144);
              v128.store(place, f32x4.add(d22, c22), 160);
              v128.store(place, f32x4.add(d23, c23), 176);
              const d30 = v128.load(place, 192);
              const d31 = v128.load(place, 208);
              const d32 = v128.load(place, 224);
              const d33 = v128.load(place, 240);
              v128.store(place, f32x4.add(d30, c30), 192);
              v128.store(place, f32x4.add(d31, c31), 208);
              v128.store(place, f32x4.add(d32, c32), 224);
              v128.store(place, f32x4.add(d33, c33), 240);
              const d40 = v128.load(place, 256);
              const d41 = v128.load(place, 272);
              const d42 = v128.load(place, 288);
              const d43 = v128.load(place, 304);
              v128.store(place, f32x4.add(d40, c40), 256);
              v128.store(place, f32x4.add(d41, c41), 272);
              v128.store(place, f32x4.add(d42, c42), 288);
              v128.store(place, f32x4.add(d43, c43), 304);
              const d50 = v128.load(place, 320);
              const d51 = v128.load(place, 336);
              const d52 = v128.load(place, 352);
              const d53 = v128.load(place, 368);
              v128.store(place, f32x4.add(d50, c50), 320);
              v128.store(place, f32x4.add(d51, c51), 336);
              v128.store(place, f32x4.add(d52, c52), 352);
              v128.store(place, f32x4.add(d53, c53), 368);
            } else {
              v128.store(place, c00, 0);
              v128.store(place, c01, 16);
              v128.store(place, c02, 32);
              v128.store(place, c03, 48);
              v128.store(place, c10, 64);
              v128.store(place, c11, 80);
              v128.store(place, c12, 96);
              v128.store(place, c13, 112);
              v128.store(place, c20, 128);
              v128.store(place, c21, 144);
              v128.store(place, c22, 160);
              v128.store(place, c23, 176);
              v128.store(place, c30, 192);
              v128.store(place, c31, 208);
              v128.store(place, c32, 224);
              v128.store(place, c33, 240);
              v128.store(place, c40, 256);
              v128.store(place, c41, 272);
              v128.store(place, c42, 288);
              v128.store(place, c43, 304);
              v128.store(place, c50, 320);
              v128.store(place, c51, 336);
              v128.store(place, c52, 352);
              v128.store(place, c53, 368);
            }
            continue;
          }
          v128.store(scratch, c00, 0);
          v128.store(scratch, c01, 16);
          v128.store(scratch, c02, 32);
          v128.store(scratch, c03, 48);
          v128.store(scratch, c10, 64);
          v128.store(scratch, c11, 80);
          v128.store(scratch, c12, 96);
          v128.store(scratch, c13, 112);
          v128.store(scratch, c20, 128);
          v128.store(scratch, c21, 144);
          v128.store(scratch, c22, 160);
          v128.store(scratch, c23, 176);
          v128.store(scratch, c30, 192);
          v128.store(scratch, c31, 208);
          v128.store(scratch, c32, 224);
          v128.store(scratch, c33, 240);
          v128.store(scratch, c40, 256);
          v128.store(scratch, c41, 272);
          v128.store(scratch, c42, 288);
          v128.store(scratch, c43, 304);
          v128.store(scratch, c50, 320);
          v128.store(scratch, c51, 336);
          v128.store(scratch, c52, 352);
          v128.store(scratch, c53, 368);
          const skipped = i - first;
          const kept = min(runLength - i, MR);
          keepRows(scratch + <usize>(skipped * (NR << 2)), to + <usize>(i * (NR << 2)), kept, NR << 2, valid, accumulate);
        }
        to += <usize>(runLength * (NR << 2));
      }
  }
}

import { madd } from "./madd";
import { locate, keep, INPUTS, OUTPUTS } from "./tile";
import { ConvolutionStep } from "./steps";

const MR = 4;
const NR = 8;

/**
 * Direct convolution: a tile of 4 output positions by 8 output channels stays in registers while the window's
 * runs go by. Every output is one chain of multiply-adds in the order of the packed weights, then bias, then floor,
 * so its bits do not depend on the tile that it falls into. A fully connected layer is the same with images as
 * positions.
 */
export function f32_conv_4x8(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<ConvolutionStep>(address);
  const scratch = <usize>step.scratch;
  const depth = step.outerRuns * step.innerRuns * step.runLength;
  const run = step.runLength << 2;
  const innerSkip = step.innerStride - run;
  const outerSkip = step.outerStride - step.innerRuns * step.innerStride;
  const floor = f32x4.splat(step.floor);
  for (let panel = step.panelFrom; panel < step.panelTo; panel++) {
    const weights = <usize>(step.weights + panel * depth * (NR << 2));
    const bias = <usize>(step.bias + panel * (NR << 2));
    const valid = min(step.channels - panel * NR, NR);
    for (let position = step.positionFrom; position < step.positionTo; position += MR) {
      const rows = min(step.positionTo - position, MR);
      locate(step, inputImage, outputImage, panel * NR, position, rows, MR, NR, valid);
      let a0 = <usize>load<i32>(scratch, INPUTS + 0);
      let a1 = <usize>load<i32>(scratch, INPUTS + 4);
      let a2 = <usize>load<i32>(scratch, INPUTS + 8);
      let a3 = <usize>load<i32>(scratch, INPUTS + 12);
      let b = weights;
      let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
      let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
      let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
      let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
      for (let outer = step.outerRuns; outer > 0; outer--) {
        for (let inner = step.innerRuns; inner > 0; inner--) {
          for (let end = a0 + run; a0 < end; ) {
            const b0 = v128.load(b, 0);
            const b1 = v128.load(b, 16);
            const x0 = v128.load32_splat(a0);
            c00 = madd(x0, b0, c00);
            c01 = madd(x0, b1, c01);
            const x1 = v128.load32_splat(a1);
            c10 = madd(x1, b0, c10);
            c11 = madd(x1, b1, c11);
            const x2 = v128.load32_splat(a2);
            c20 = madd(x2, b0, c20);
            c21 = madd(x2, b1, c21);
            const x3 = v128.load32_splat(a3);
            c30 = madd(x3, b0, c30);
            c31 = madd(x3, b1, c31);
            a0 += 4;
            a1 += 4;
            a2 += 4;
            a3 += 4;
            b += 32;
          }
          a0 += innerSkip;
          a1 += innerSkip;
          a2 += innerSkip;
          a3 += innerSkip;
        }
        a0 += outerSkip;
        a1 += outerSkip;
        a2 += outerSkip;
        a3 += outerSkip;
      }
      const bias0 = v128.load(bias, 0), bias1 = v128.load(bias, 16);
      const y0 = <usize>load<i32>(scratch, OUTPUTS + 0);
      v128.store(y0, f32x4.pmax(f32x4.add(c00, bias0), floor), 0);
      v128.store(y0, f32x4.pmax(f32x4.add(c01, bias1), floor), 16);
      const y1 = <usize>load<i32>(scratch, OUTPUTS + 4);
      v128.store(y1, f32x4.pmax(f32x4.add(c10, bias0), floor), 0);
      v128.store(y1, f32x4.pmax(f32x4.add(c11, bias1), floor), 16);
      const y2 = <usize>load<i32>(scratch, OUTPUTS + 8);
      v128.store(y2, f32x4.pmax(f32x4.add(c20, bias0), floor), 0);
      v128.store(y2, f32x4.pmax(f32x4.add(c21, bias1), floor), 16);
      const y3 = <usize>load<i32>(scratch, OUTPUTS + 12);
      v128.store(y3, f32x4.pmax(f32x4.add(c30, bias0), floor), 0);
      v128.store(y3, f32x4.pmax(f32x4.add(c31, bias1), floor), 16);
      if (valid < NR) keep(step, outputImage, panel * NR, position, rows, NR, valid);
    }
  }
}

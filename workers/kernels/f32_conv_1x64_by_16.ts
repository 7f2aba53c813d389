import { madd } from "./madd";
import { finish, TILE } from "./tile";
import { ConvolutionStep } from "./steps";

const NR = 16;
/** Panels that are read side by side, 4 x 16 outputs: as many streams of weights, each with its own reading ahead. */
const PANELS = 4;

/**
 * Direct convolution at one position a time, for a fully connected layer on a single image: the weights are read
 * once, as fast as memory gives them. The order of every sum is that of the tiled kernels.
 */
export function f32_conv_1x64_by_16(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<ConvolutionStep>(address);
  const scratch = <usize>(step.scratch + TILE);
  const depth = step.outerRuns * step.innerRuns * step.runLength;
  const panelBytes = depth * (NR << 2);
  const run = step.runLength << 2;
  const innerSkip = step.innerStride - run;
  const outerSkip = step.outerStride - step.innerRuns * step.innerStride;
  const last = step.panelTo - 1;
  const packed = step.weights;
  for (let position = step.positionFrom; position < step.positionTo; position++) {
    const row = position / step.columns;
    const column = position - row * step.columns;
    const input = <usize>(step.input + inputImage * step.inputImage + row * step.inputRow + column * step.inputColumn);
    for (let panel = step.panelFrom; panel < step.panelTo; panel += PANELS) {
      let a = input;
      let w0 = <usize>(packed + panel * panelBytes);
      let w1 = <usize>(packed + min(panel + 1, last) * panelBytes);
      let w2 = <usize>(packed + min(panel + 2, last) * panelBytes);
      let w3 = <usize>(packed + min(panel + 3, last) * panelBytes);
      let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
      let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
      let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
      let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
      for (let outer = step.outerRuns; outer > 0; outer--) {
        for (let inner = step.innerRuns; inner > 0; inner--) {
          for (let end = a + run; a < end; a += 4) {
            const x = v128.load32_splat(a);
            c00 = madd(x, v128.load(w0, 0), c00);
            c01 = madd(x, v128.load(w0, 16), c01);
            c02 = madd(x, v128.load(w0, 32), c02);
            c03 = madd(x, v128.load(w0, 48), c03);
            w0 += NR << 2;
            c10 = madd(x, v128.load(w1, 0), c10);
            c11 = madd(x, v128.load(w1, 16), c11);
            c12 = madd(x, v128.load(w1, 32), c12);
            c13 = madd(x, v128.load(w1, 48), c13);
            w1 += NR << 2;
            c20 = madd(x, v128.load(w2, 0), c20);
            c21 = madd(x, v128.load(w2, 16), c21);
            c22 = madd(x, v128.load(w2, 32), c22);
            c23 = madd(x, v128.load(w2, 48), c23);
            w2 += NR << 2;
            c30 = madd(x, v128.load(w3, 0), c30);
            c31 = madd(x, v128.load(w3, 16), c31);
            c32 = madd(x, v128.load(w3, 32), c32);
            c33 = madd(x, v128.load(w3, 48), c33);
            w3 += NR << 2;
          }
          a += innerSkip;
        }
        a += outerSkip;
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
      const valid = min(min(PANELS, step.panelTo - panel) * NR, step.channels - panel * NR);
      finish(step, outputImage, panel * NR, position, valid);
    }
  }
}

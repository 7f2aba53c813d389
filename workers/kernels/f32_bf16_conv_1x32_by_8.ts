import { lower, upper } from "./bf16";
import { madd } from "./madd";
import { finish, TILE } from "./tile";
import { ConvolutionStep } from "./steps";

const NR = 8;
/** Panels that are read side by side: 4 x 8 outputs, enough chains of sums to hide the latency of an addition. */
const PANELS = 4;

/**
 * f32_conv_1x32_by_8 with weights in bfloat16, packed as ExpandStep says it: half the bytes to read, and the same
 * sums as of the expanded weights.
 */
export function f32_bf16_conv_1x32_by_8(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<ConvolutionStep>(address);
  const scratch = <usize>(step.scratch + TILE);
  const depth = step.outerRuns * step.innerRuns * step.runLength;
  const panelBytes = depth * (NR << 1);
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
      let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
      let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
      let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
      let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
      for (let outer = step.outerRuns; outer > 0; outer--) {
        for (let inner = step.innerRuns; inner > 0; inner--) {
          for (let end = a + run; a < end; a += 4) {
            const x = v128.load32_splat(a);
            const b0 = v128.load(w0);
            c00 = madd(x, lower(b0), c00);
            c01 = madd(x, upper(b0), c01);
            w0 += NR << 1;
            const b1 = v128.load(w1);
            c10 = madd(x, lower(b1), c10);
            c11 = madd(x, upper(b1), c11);
            w1 += NR << 1;
            const b2 = v128.load(w2);
            c20 = madd(x, lower(b2), c20);
            c21 = madd(x, upper(b2), c21);
            w2 += NR << 1;
            const b3 = v128.load(w3);
            c30 = madd(x, lower(b3), c30);
            c31 = madd(x, upper(b3), c31);
            w3 += NR << 1;
          }
          a += innerSkip;
        }
        a += outerSkip;
      }
      v128.store(scratch, c00, 0);
      v128.store(scratch, c01, 16);
      v128.store(scratch, c10, 32);
      v128.store(scratch, c11, 48);
      v128.store(scratch, c20, 64);
      v128.store(scratch, c21, 80);
      v128.store(scratch, c30, 96);
      v128.store(scratch, c31, 112);
      const valid = min(min(PANELS, step.panelTo - panel) * NR, step.channels - panel * NR);
      finish(step, outputImage, panel * NR, position, valid);
    }
  }
}

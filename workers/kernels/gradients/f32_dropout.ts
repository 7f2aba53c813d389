import { DropoutStep } from "./steps";

// Multipliers of Philox4x32, and by how much the key's words grow from round to round: workers/philox.ts
const MULTIPLIER_0: u64 = 0xd2511f53;
const MULTIPLIER_1: u64 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/** The four words of Philox4x32-10 for one counter. */
@inline
function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): v128 {
  for (let round = 0; round < 10; round++) {
    const product0 = MULTIPLIER_0 * c0;
    const product1 = MULTIPLIER_1 * c2;
    c0 = <u32>(product1 >> 32) ^ c1 ^ k0;
    c2 = <u32>(product0 >> 32) ^ c3 ^ k1;
    c1 = <u32>product1;
    c3 = <u32>product0;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
  const lower = (<u64>c1 << 32) | c0;
  const upper = (<u64>c3 << 32) | c2;
  return i64x2.replace_lane(i64x2.splat(lower), 1, upper);
}

/** One of four lanes. */
@inline
function laneOf(words: v128, lane: i32): i32 {
  if (lane == 0) return i32x4.extract_lane(words, 0);
  if (lane == 1) return i32x4.extract_lane(words, 1);
  if (lane == 2) return i32x4.extract_lane(words, 2);
  return i32x4.extract_lane(words, 3);
}

/** Four units share a block of the generator; the ends of a row may have some units of theirs alone. */
export function f32_dropout(address: usize, image: i32, slot: i32): void {
  const step = changetype<DropoutStep>(address);
  const generator = <usize>step.generator;
  const k0 = load<u32>(generator);
  const k1 = load<u32>(generator, 4);
  const trainingStep = load<u32>(generator, 8);
  const layer = step.layer;
  const scale = step.scale;
  const threshold = i32x4.splat(step.threshold);
  const scales = f32x4.splat(scale);
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    let input = <usize>(step.input + slot * step.inputImage + row * step.inputRow);
    let output = <usize>(step.output + slot * step.outputImage + row * step.outputRow);
    let unit = step.unit + row * step.rowLength;
    const end = unit + step.rowLength;
    while (unit < end) {
      const words = philox(<u32>unit >> 2, image, layer, trainingStep, k0, k1);
      const kept = i32x4.ge_u(words, threshold);
      if ((unit & 3) == 0 && unit + 4 <= end) {
        v128.store(output, v128.and(f32x4.mul(scales, v128.load(input)), kept));
        unit += 4;
        input += 16;
        output += 16;
        continue;
      }
      const last = min((unit | 3) + 1, end);
      for (; unit < last; unit++, input += 4, output += 4)
        store<f32>(output, laneOf(kept, unit & 3) ? scale * load<f32>(input) : 0);
    }
  }
}

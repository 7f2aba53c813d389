import { MaxPoolingGradientStep } from "./steps";

/**
 * A window at a time: its largest value, then, row by row, dy to the first element that equals it. Who has given a lane
 * of dy away goes on with 0 in its place, which adds nothing; a NaN equals nothing.
 */
export function f32_maxpool_gradient(address: usize, image: i32, slot: i32): void {
  const step = changetype<MaxPoolingGradientStep>(address);
  const channels = step.channels;
  const pixel = <usize>(channels << 2);
  const inputRow = <usize>step.inputRow;
  const outputRow = <usize>step.outputRow;
  const input = <usize>(step.input + image * step.inputImage);
  const output = <usize>(step.output + slot * step.outputImage);
  for (let row = 0; row < step.inputRows; row++)
    memory.fill(output + <usize>row * outputRow, 0, <usize>step.inputColumns * pixel);
  for (let row = 0; row < step.outputRows; row++) {
    const top = row * step.strideRows - step.paddingTop;
    const y0 = max(top, 0);
    const rows = <usize>(min(top + step.kernelRows, step.inputRows) - y0) * inputRow;
    let gradient = <usize>(step.gradient + slot * step.gradientImage + row * step.gradientRow);
    for (let column = 0; column < step.outputColumns; column++) {
      const left = column * step.strideColumns - step.paddingLeft;
      const x0 = max(left, 0);
      const width = <usize>(min(left + step.kernelColumns, step.inputColumns) - x0) * pixel;
      let from = input + <usize>y0 * inputRow + <usize>x0 * pixel;
      let to = output + <usize>y0 * outputRow + <usize>x0 * pixel;
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        const end = from + rows;
        let largest0 = f32x4.splat(-f32.POSITIVE_INFINITY),
          largest1 = largest0,
          largest2 = largest0,
          largest3 = largest0;
        for (let line = from; line < end; line += inputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel) {
            largest0 = f32x4.pmax(largest0, v128.load(at));
            largest1 = f32x4.pmax(largest1, v128.load(at, 16));
            largest2 = f32x4.pmax(largest2, v128.load(at, 32));
            largest3 = f32x4.pmax(largest3, v128.load(at, 48));
          }
        let rest0 = v128.load(gradient);
        let rest1 = v128.load(gradient, 16);
        let rest2 = v128.load(gradient, 32);
        let rest3 = v128.load(gradient, 48);
        let sums = to;
        for (let line = from; line < end; line += inputRow, sums += outputRow) {
          let sum = sums;
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel, sum += pixel) {
            const found0 = f32x4.eq(v128.load(at), largest0);
            const found1 = f32x4.eq(v128.load(at, 16), largest1);
            const found2 = f32x4.eq(v128.load(at, 32), largest2);
            const found3 = f32x4.eq(v128.load(at, 48), largest3);
            const sum0 = f32x4.add(v128.load(sum), v128.and(rest0, found0));
            const sum1 = f32x4.add(v128.load(sum, 16), v128.and(rest1, found1));
            const sum2 = f32x4.add(v128.load(sum, 32), v128.and(rest2, found2));
            const sum3 = f32x4.add(v128.load(sum, 48), v128.and(rest3, found3));
            rest0 = v128.andnot(rest0, found0);
            rest1 = v128.andnot(rest1, found1);
            rest2 = v128.andnot(rest2, found2);
            rest3 = v128.andnot(rest3, found3);
            v128.store(sum, sum0);
            v128.store(sum, sum1, 16);
            v128.store(sum, sum2, 32);
            v128.store(sum, sum3, 48);
          }
        }
        from += 64;
        to += 64;
        gradient += 64;
      }
      for (; channel + 4 <= channels; channel += 4) {
        const end = from + rows;
        let largest = f32x4.splat(-f32.POSITIVE_INFINITY);
        for (let line = from; line < end; line += inputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel)
            largest = f32x4.pmax(largest, v128.load(at));
        let rest = v128.load(gradient);
        let sums = to;
        for (let line = from; line < end; line += inputRow, sums += outputRow) {
          let sum = sums;
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel, sum += pixel) {
            const found = f32x4.eq(v128.load(at), largest);
            v128.store(sum, f32x4.add(v128.load(sum), v128.and(rest, found)));
            rest = v128.andnot(rest, found);
          }
        }
        from += 16;
        to += 16;
        gradient += 16;
      }
      for (; channel < channels; channel++) {
        const end = from + rows;
        let largest = -f32.POSITIVE_INFINITY;
        let place: usize = 0;
        let sums = to;
        for (let line = from; line < end; line += inputRow, sums += outputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel) {
            const x = load<f32>(at);
            if (x > largest || (place == 0 && x == largest)) {
              largest = x;
              place = sums + (at - line);
            }
          }
        if (place) store<f32>(place, load<f32>(place) + load<f32>(gradient));
        from += 4;
        to += 4;
        gradient += 4;
      }
    }
  }
}

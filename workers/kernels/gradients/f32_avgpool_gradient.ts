import { counted } from "../pooling";
import { AveragePoolingGradientStep } from "./steps";

/** Adds a window's dy / count to all elements that it has inside the map, window by window. */
export function f32_avgpool_gradient(address: usize, _image: i32, slot: i32): void {
  const step = changetype<AveragePoolingGradientStep>(address);
  const channels = step.channels;
  const pixel = <usize>(channels << 2);
  const outputRow = <usize>step.outputRow;
  const output = <usize>(step.output + slot * step.outputImage);
  for (let row = 0; row < step.inputRows; row++)
    memory.fill(output + <usize>row * outputRow, 0, <usize>step.inputColumns * pixel);
  for (let row = 0; row < step.outputRows; row++) {
    const top = row * step.strideRows - step.paddingTop;
    const y0 = max(top, 0);
    const rows = <usize>(min(top + step.kernelRows, step.inputRows) - y0) * outputRow;
    const countedRows = counted(top, step.kernelRows, step.inputRows, step.countedTop, step.countedBottom);
    let gradient = <usize>(step.gradient + slot * step.gradientImage + row * step.gradientRow);
    for (let column = 0; column < step.outputColumns; column++) {
      const left = column * step.strideColumns - step.paddingLeft;
      const x0 = max(left, 0);
      const width = <usize>(min(left + step.kernelColumns, step.inputColumns) - x0) * pixel;
      const count =
        countedRows * counted(left, step.kernelColumns, step.inputColumns, step.countedLeft, step.countedRight);
      const counts = f32x4.splat(count);
      let to = output + <usize>y0 * outputRow + <usize>x0 * pixel;
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        const part0 = f32x4.div(v128.load(gradient), counts);
        const part1 = f32x4.div(v128.load(gradient, 16), counts);
        const part2 = f32x4.div(v128.load(gradient, 32), counts);
        const part3 = f32x4.div(v128.load(gradient, 48), counts);
        for (let line = to, end = to + rows; line < end; line += outputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel) {
            const sum0 = f32x4.add(v128.load(at), part0);
            const sum1 = f32x4.add(v128.load(at, 16), part1);
            const sum2 = f32x4.add(v128.load(at, 32), part2);
            const sum3 = f32x4.add(v128.load(at, 48), part3);
            v128.store(at, sum0);
            v128.store(at, sum1, 16);
            v128.store(at, sum2, 32);
            v128.store(at, sum3, 48);
          }
        to += 64;
        gradient += 64;
      }
      for (; channel + 4 <= channels; channel += 4) {
        const part = f32x4.div(v128.load(gradient), counts);
        for (let line = to, end = to + rows; line < end; line += outputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel)
            v128.store(at, f32x4.add(v128.load(at), part));
        to += 16;
        gradient += 16;
      }
      for (; channel < channels; channel++) {
        const part = load<f32>(gradient) / count;
        for (let line = to, end = to + rows; line < end; line += outputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel)
            store<f32>(at, load<f32>(at) + part);
        to += 4;
        gradient += 4;
      }
    }
  }
}

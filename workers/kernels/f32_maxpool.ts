import { MaxPoolingStep } from "./steps";

/** Max pooling, channels last: 16 channels at a time, then 4, then one. A NaN is passed over, as in Caffe. */
export function f32_maxpool(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<MaxPoolingStep>(address);
  const channels = step.channels;
  const pixel = channels << 2;
  const input = step.input + inputImage * step.inputImage;
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const top = row * step.strideRows - step.paddingTop;
    const y0 = max(top, 0);
    const y1 = min(top + step.kernelRows, step.inputRows);
    let output = <usize>(step.output + outputImage * step.outputImage + row * step.outputRow);
    for (let column = 0; column < step.outputColumns; column++) {
      const left = column * step.strideColumns - step.paddingLeft;
      const x0 = max(left, 0);
      const x1 = min(left + step.kernelColumns, step.inputColumns);
      const width = (x1 - x0) * pixel;
      const first = <usize>(input + y0 * step.inputRow + x0 * pixel);
      const last = <usize>(input + y1 * step.inputRow + x0 * pixel);
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        let m0 = f32x4.splat(-f32.POSITIVE_INFINITY),
          m1 = m0,
          m2 = m0,
          m3 = m0;
        for (let line = first + (channel << 2); line < last; line += step.inputRow) {
          for (let at = line, end = line + width; at < end; at += pixel) {
            m0 = f32x4.pmax(m0, v128.load(at));
            m1 = f32x4.pmax(m1, v128.load(at, 16));
            m2 = f32x4.pmax(m2, v128.load(at, 32));
            m3 = f32x4.pmax(m3, v128.load(at, 48));
          }
        }
        v128.store(output, m0);
        v128.store(output, m1, 16);
        v128.store(output, m2, 32);
        v128.store(output, m3, 48);
        output += 64;
      }
      for (; channel + 4 <= channels; channel += 4) {
        let m = f32x4.splat(-f32.POSITIVE_INFINITY);
        for (let line = first + (channel << 2); line < last; line += step.inputRow)
          for (let at = line, end = line + width; at < end; at += pixel) m = f32x4.pmax(m, v128.load(at));
        v128.store(output, m);
        output += 16;
      }
      for (; channel < channels; channel++) {
        let m: f32 = -f32.POSITIVE_INFINITY;
        for (let line = first + (channel << 2); line < last; line += step.inputRow)
          for (let at = line, end = line + width; at < end; at += pixel) {
            const x = load<f32>(at);
            m = m < x ? x : m;
          }
        store<f32>(output, m);
        output += 4;
      }
    }
  }
}

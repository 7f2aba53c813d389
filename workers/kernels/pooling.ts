import { AveragePoolingStep } from "./steps";

// One loop for both poolings: `average` is a constant where it is inlined, so that each keeps its own half alone.

@inline
function next(result: v128, x: v128, average: bool): v128 {
  return average ? f32x4.add(result, x) : f32x4.pmax(result, x);
}
@inline
function last(result: v128, count: v128, average: bool): v128 {
  return average ? f32x4.div(result, count) : result;
}

/** Rows, or columns, of a window that count. As a float: a product of two of the largest would not fit into an i32. */
@inline
export function counted(from: i32, kernel: i32, size: i32, before: i32, after: i32): f32 {
  return <f32>(min(from + kernel, size + after) - max(from, -before));
}

/**
 * Windows over a map, channels last: 16 channels at a time, then 4, then one; each goes through the part of its window
 * that lies inside the map row by row, so that a sum has the same order in every lane. A step of max pooling ends
 * before the fields that only an average reads.
 */
@inline
export function pooling(address: usize, inputImage: i32, outputImage: i32, average: bool): void {
  const step = changetype<AveragePoolingStep>(address);
  const channels = step.channels;
  const pixel = channels << 2;
  const input = step.input + inputImage * step.inputImage;
  const start: f32 = average ? 0 : -f32.POSITIVE_INFINITY;
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const top = row * step.strideRows - step.paddingTop;
    const y0 = max(top, 0);
    const y1 = min(top + step.kernelRows, step.inputRows);
    const rows: f32 = average ? counted(top, step.kernelRows, step.inputRows, step.countedTop, step.countedBottom) : 0;
    let output = <usize>(step.output + outputImage * step.outputImage + row * step.outputRow);
    for (let column = 0; column < step.outputColumns; column++) {
      const left = column * step.strideColumns - step.paddingLeft;
      const x0 = max(left, 0);
      const x1 = min(left + step.kernelColumns, step.inputColumns);
      const columns: f32 = average
        ? counted(left, step.kernelColumns, step.inputColumns, step.countedLeft, step.countedRight)
        : 0;
      const count = rows * columns;
      const counts = f32x4.splat(count);
      const width = (x1 - x0) * pixel;
      const first = <usize>(input + y0 * step.inputRow + x0 * pixel);
      const end = <usize>(input + y1 * step.inputRow + x0 * pixel);
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        let r0 = f32x4.splat(start),
          r1 = r0,
          r2 = r0,
          r3 = r0;
        for (let line = first + (channel << 2); line < end; line += step.inputRow) {
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel) {
            r0 = next(r0, v128.load(at), average);
            r1 = next(r1, v128.load(at, 16), average);
            r2 = next(r2, v128.load(at, 32), average);
            r3 = next(r3, v128.load(at, 48), average);
          }
        }
        v128.store(output, last(r0, counts, average));
        v128.store(output, last(r1, counts, average), 16);
        v128.store(output, last(r2, counts, average), 32);
        v128.store(output, last(r3, counts, average), 48);
        output += 64;
      }
      for (; channel + 4 <= channels; channel += 4) {
        let r = f32x4.splat(start);
        for (let line = first + (channel << 2); line < end; line += step.inputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel) r = next(r, v128.load(at), average);
        v128.store(output, last(r, counts, average));
        output += 16;
      }
      for (; channel < channels; channel++) {
        let r = start;
        for (let line = first + (channel << 2); line < end; line += step.inputRow)
          for (let at = line, lineEnd = line + width; at < lineEnd; at += pixel) {
            const x = load<f32>(at);
            if (average) r += x;
            else r = r < x ? x : r;
          }
        store<f32>(output, average ? r / count : r);
        output += 4;
      }
    }
  }
}

import { ConvolutionStep } from "./steps";

// The scratch of a convolution, one for each worker: the addresses of the tile's rows, then room for one tile.
export const INPUTS = 0;
export const OUTPUTS = 64;
export const TILE = 128;

@inline
export function outputOf(step: ConvolutionStep, outputImage: i32, channel: i32, position: i32): i32 {
  const row = position / step.columns;
  const column = position - row * step.columns;
  return step.output + outputImage * step.outputImage + row * step.outputRow + column * step.outputColumn + (channel << 2);
}

/**
 * Writes where each row of a tile begins and where it is stored. Rows past the last position repeat it, and they
 * and the rows of a panel with less than NR channels are stored in the scratch, so that the tile has one shape.
 */
export function locate(
  step: ConvolutionStep,
  inputImage: i32,
  outputImage: i32,
  channel: i32,
  position: i32,
  rows: i32,
  tileRows: i32,
  tileColumns: i32,
  valid: i32,
): void {
  const scratch = step.scratch;
  const direct = valid == tileColumns;
  const row = position / step.columns;
  let column = position - row * step.columns;
  let from = step.input + inputImage * step.inputImage + row * step.inputRow + column * step.inputColumn;
  let to =
    step.output + outputImage * step.outputImage + row * step.outputRow + column * step.outputColumn + (channel << 2);
  for (let r = 0; r < tileRows; r++) {
    const place = <usize>(scratch + (r << 2));
    store<i32>(place, from, INPUTS);
    store<i32>(place, direct && r < rows ? to : scratch + TILE + r * (tileColumns << 2), OUTPUTS);
    if (r + 1 >= rows) continue;
    from += step.inputColumn;
    to += step.outputColumn;
    if (++column < step.columns) continue;
    column = 0;
    from += step.inputRow - step.columns * step.inputColumn;
    to += step.outputRow - step.columns * step.outputColumn;
  }
}

/** Copies the channels that exist from the tile in the scratch to their place. */
export function keep(
  step: ConvolutionStep,
  outputImage: i32,
  channel: i32,
  position: i32,
  rows: i32,
  tileColumns: i32,
  valid: i32,
): void {
  for (let r = 0; r < rows; r++)
    memory.copy(
      <usize>outputOf(step, outputImage, channel, position + r),
      <usize>(step.scratch + TILE + r * (tileColumns << 2)),
      <usize>(valid << 2),
    );
}

/** Adds the bias to one position's sums in the scratch and stores them, from a channel on. */
@inline
export function finish(step: ConvolutionStep, outputImage: i32, channel: i32, position: i32, count: i32): void {
  const sums = <usize>(step.scratch + TILE);
  const output = <usize>outputOf(step, outputImage, channel, position);
  const bias = <usize>(step.bias + (channel << 2));
  const floor = f32x4.splat(step.floor);
  let at: usize = 0;
  const vectors = <usize>(count & ~3) << 2;
  for (; at < vectors; at += 16)
    v128.store(output + at, f32x4.pmax(f32x4.add(v128.load(sums + at), v128.load(bias + at)), floor));
  const end = <usize>count << 2;
  for (; at < end; at += 4) {
    const sum = load<f32>(sums + at) + load<f32>(bias + at);
    store<f32>(output + at, sum < step.floor ? step.floor : sum);
  }
}

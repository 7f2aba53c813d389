// What a kernel is told: a step, a record of 32-bit words in the shared memory. workers/steps.ts names the same
// fields in the same order for the TypeScript side; test/workers/steps.test.ts holds the two together.
// Addresses, strides and distances are in bytes, lengths and counts in elements.

/** y = max(floor, bias + sum of x * w) over output positions and panels of output channels. */
@unmanaged
export class ConvolutionStep {
  /** Where the window of position (0, 0) begins, in image 0. */
  input: i32;
  inputImage: i32;
  inputRow: i32;
  inputColumn: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  outputColumn: i32;
  /** Packed [panels][K][NR], of bfloat16 as ExpandStep says it; biases [panels][NR]. */
  weights: i32;
  bias: i32;
  /** A window is `outerRuns` x `innerRuns` runs of `runLength` neighbouring elements. */
  outerRuns: i32;
  outerStride: i32;
  innerRuns: i32;
  innerStride: i32;
  runLength: i32;
  /** Positions are numbered row by row, `columns` to a row. */
  columns: i32;
  positionFrom: i32;
  positionTo: i32;
  panelFrom: i32;
  panelTo: i32;
  /** Output channels that exist; the last panel may have fewer than NR. */
  channels: i32;
  scratch: i32;
  /** 0 for ReLU, -Infinity for none. */
  floor: f32;
}

/** Y = X W, plane by plane. */
@unmanaged
export class GemmStep {
  input: i32;
  inputPlane: i32;
  inputRow: i32;
  output: i32;
  outputPlane: i32;
  outputRow: i32;
  /** Packed [planes][panels][depth][NR]. */
  weights: i32;
  weightsPlane: i32;
  depth: i32;
  /** A multiple of MR, or so many of the narrower tile more: what lies there is the caller's to spare. */
  rows: i32;
  panelFrom: i32;
  panelTo: i32;
}

/**
 * A panel of bfloat16 [depth][NR] to float32: in a row of NR / 2 words, word j holds column j in its lower half and
 * column NR / 2 + j in its upper half.
 */
@unmanaged
export class ExpandStep {
  input: i32;
  inputPanel: i32;
  output: i32;
  outputPanel: i32;
  depth: i32;
}

/** Planes [C][H][W] to channels last in blocks of pixels; the paddings count pixels of the padded map. */
@unmanaged
export class SpaceToDepthStep {
  input: i32;
  inputImage: i32;
  inputChannel: i32;
  inputRow: i32;
  output: i32;
  outputImage: i32;
  /** From a row of blocks to the next, and from a block to the next. */
  outputRow: i32;
  outputColumn: i32;
  channels: i32;
  columns: i32;
  blockSize: i32;
  paddingTop: i32;
  paddingLeft: i32;
  rowFrom: i32;
  rowTo: i32;
  /** A word that becomes 1 where a value is NaN or infinite. */
  notFinite: i32;
}

/** V = B^T d B: 7 x 7 windows of one image, `tileStep` pixels apart, to 49 planes [tiles][towers][channels]. */
@unmanaged
export class WinogradInputStep {
  input: i32;
  inputImage: i32;
  inputTower: i32;
  inputRow: i32;
  inputColumn: i32;
  output: i32;
  outputImage: i32;
  outputPlane: i32;
  towers: i32;
  channels: i32;
  tileStep: i32;
  tileRows: i32;
  tileColumns: i32;
  scratch: i32;
}

/** y = max(floor, A^T M A + bias): 49 planes [tiles][channels] of one image to its map. */
@unmanaged
export class WinogradOutputStep {
  input: i32;
  inputImage: i32;
  inputTile: i32;
  inputPlane: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  outputColumn: i32;
  outputRows: i32;
  outputColumns: i32;
  channelFrom: i32;
  channelTo: i32;
  bias: i32;
  scratch: i32;
  floor: f32;
}

/** The largest value of each window, of what lies inside the map. */
@unmanaged
export class PoolingStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  channels: i32;
  inputRows: i32;
  inputColumns: i32;
  outputColumns: i32;
  kernelRows: i32;
  kernelColumns: i32;
  strideRows: i32;
  strideColumns: i32;
  paddingTop: i32;
  paddingLeft: i32;
  rowFrom: i32;
  rowTo: i32;
}

/** The sum of what lies of each window inside the map, divided by the number of its elements that count. */
@unmanaged
export class AveragePoolingStep extends PoolingStep {
  /** Rows and columns around the map whose elements count too. */
  countedTop: i32;
  countedLeft: i32;
  countedBottom: i32;
  countedRight: i32;
}

/** y[c] = x[c] * (k + alpha * sum of x[j]^2)^-beta, j from c - before to c + after. */
@unmanaged
export class NormalisationStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  channels: i32;
  columns: i32;
  rowFrom: i32;
  rowTo: i32;
  before: i32;
  after: i32;
  /** From a pixel's first channel to the last `before` channels of the tower below; 0 where there is none. */
  below: i32;
  /** From a pixel's first channel to the first channel of the tower above; 0 where there is none. */
  above: i32;
  scratch: i32;
  alpha: f32;
  beta: f32;
  k: f32;
}

/** y = scale * max(floor, x), over rows of neighbouring elements. */
@unmanaged
export class ActivationStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  rowLength: i32;
  rowFrom: i32;
  rowTo: i32;
  floor: f32;
  scale: f32;
}

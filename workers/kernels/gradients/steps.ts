// What the kernels of training are told; workers/gradient-steps.ts has the same fields in the same order, with what they mean.

@unmanaged
export class WeightsGradientStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  inputColumn: i32;
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  gradientColumn: i32;
  output: i32;
  outerRuns: i32;
  outerStride: i32;
  innerRuns: i32;
  innerStride: i32;
  runLength: i32;
  rows: i32;
  columns: i32;
  panelFrom: i32;
  panelTo: i32;
  channels: i32;
  accumulate: i32;
  scratch: i32;
}

@unmanaged
export class BiasGradientStep {
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  gradientColumn: i32;
  output: i32;
  rows: i32;
  columns: i32;
  channelFrom: i32;
  channelTo: i32;
  accumulate: i32;
}

@unmanaged
export class RectifierGradientStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  rowLength: i32;
  rowFrom: i32;
  rowTo: i32;
}

@unmanaged
export class DropoutStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  rowLength: i32;
  rowFrom: i32;
  rowTo: i32;
  unit: i32;
  layer: i32;
  threshold: i32;
  generator: i32;
  scale: f32;
}

@unmanaged
export class MaxPoolingGradientStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  channels: i32;
  inputRows: i32;
  inputColumns: i32;
  outputRows: i32;
  outputColumns: i32;
  kernelRows: i32;
  kernelColumns: i32;
  strideRows: i32;
  strideColumns: i32;
  paddingTop: i32;
  paddingLeft: i32;
}

@unmanaged
export class AveragePoolingGradientStep {
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  channels: i32;
  inputRows: i32;
  inputColumns: i32;
  outputRows: i32;
  outputColumns: i32;
  kernelRows: i32;
  kernelColumns: i32;
  strideRows: i32;
  strideColumns: i32;
  paddingTop: i32;
  paddingLeft: i32;
  countedTop: i32;
  countedLeft: i32;
  countedBottom: i32;
  countedRight: i32;
}

@unmanaged
export class NormalisationGradientStep {
  input: i32;
  inputImage: i32;
  inputRow: i32;
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  output: i32;
  outputImage: i32;
  outputRow: i32;
  channels: i32;
  columns: i32;
  rowFrom: i32;
  rowTo: i32;
  before: i32;
  after: i32;
  below: i32;
  above: i32;
  gradientBelow: i32;
  gradientAbove: i32;
  scratch: i32;
  alpha: f32;
  beta: f32;
  k: f32;
}

@unmanaged
export class SoftmaxLossStep {
  input: i32;
  inputImage: i32;
  inputTower: i32;
  output: i32;
  outputImage: i32;
  outputTower: i32;
  towers: i32;
  channels: i32;
  labels: i32;
  losses: i32;
  ranks: i32;
  scale: f32;
}

@unmanaged
export class TransposeStep {
  input: i32;
  inputBlock: i32;
  inputPanel: i32;
  inputRow: i32;
  output: i32;
  outputBlock: i32;
  outputPanel: i32;
  outputRow: i32;
  panels: i32;
  rows: i32;
  columns: i32;
}

@unmanaged
export class FlipFiltersStep {
  input: i32;
  inputPanel: i32;
  output: i32;
  outputPanel: i32;
  inputs: i32;
  outputs: i32;
  rows: i32;
  columns: i32;
}

@unmanaged
export class WinogradFilterStep {
  input: i32;
  inputPanel: i32;
  output: i32;
  outputPanel: i32;
  outputPlane: i32;
  outer: i32;
  channels: i32;
  taps: i32;
  scratch: i32;
}

@unmanaged
export class WinogradGradientStep {
  gradient: i32;
  gradientImage: i32;
  gradientRow: i32;
  gradientColumn: i32;
  output: i32;
  outputImage: i32;
  outputPanel: i32;
  outputPlane: i32;
  rows: i32;
  columns: i32;
  channels: i32;
  panelFrom: i32;
  panelTo: i32;
  scratch: i32;
}

@unmanaged
export class GemmGradientStep {
  input: i32;
  inputPlane: i32;
  inputRow: i32;
  gradient: i32;
  gradientPlane: i32;
  gradientPanel: i32;
  output: i32;
  outputPlane: i32;
  depth: i32;
  rows: i32;
  panelFrom: i32;
  panelTo: i32;
  accumulate: i32;
  scratch: i32;
}

@unmanaged
export class WinogradFilterGradientStep {
  input: i32;
  inputPanel: i32;
  inputPlane: i32;
  output: i32;
  outputPanel: i32;
  outer: i32;
  channels: i32;
  taps: i32;
  scratch: i32;
}

@unmanaged
export class GatherRowsStep {
  input: i32;
  inputPanel: i32;
  output: i32;
  outputPanel: i32;
  table: i32;
  rows: i32;
}

@unmanaged
export class MomentumUpdateStep {
  weights: i32;
  velocity: i32;
  gradient: i32;
  count: i32;
  rule: i32;
}

/**
 * What the kernels of training are told, field by field as in workers/kernels/gradients/steps.ts. Addresses, strides and
 * distances are in bytes; lengths and counts in elements. A gradient kernel is called with (step, image, slot): the
 * image's number in the batch, which is also its slot of the forward pass's tensors, and its slot of the gradients.
 */

/**
 * dW[k, o] (+)= sum over the positions of one image of x[window element k] * dy[o]; positions row by row. The same for
 * weights_gradient, which reads x in place, and weights_gradient_packed, for windows that lie far apart: both give the same
 * bits.
 */
export const WEIGHTS_GRADIENT_FIELDS = [
  // x: where the window of position (0, 0) begins, in image 0; from one position's window to the next, by row and column
  "input",
  "inputImage",
  "inputRow",
  "inputColumn",
  // dy: channel 0 of position (0, 0)
  "gradient",
  "gradientImage",
  "gradientRow",
  "gradientColumn",
  // dW, packed [panels][K][NR]
  "output",
  // K = outerRuns x innerRuns x runLength elements of a window, as a convolution reads it
  "outerRuns",
  "outerStride",
  "innerRuns",
  "innerStride",
  "runLength",
  "rows",
  "columns",
  "panelFrom",
  "panelTo",
  // output channels that exist: a last panel's other columns are left as they are
  "channels",
  // 1: adds to what is there; 0: stores
  "accumulate",
  // as large as lib/plan/training/scratch.ts says, for each of the two
  "scratch",
] as const;

/** db[o] (+)= sum over the positions of one image of dy[o]. */
export const BIAS_GRADIENT_FIELDS = [
  "gradient",
  "gradientImage",
  "gradientRow",
  "gradientColumn",
  "output",
  "rows",
  "columns",
  "channelFrom",
  "channelTo",
  "accumulate",
] as const;

/** dy = y > 0 ? dy : 0, in place, over rows of neighbouring elements. */
export const RECTIFIER_GRADIENT_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "gradient",
  "gradientImage",
  "gradientRow",
  "rowLength",
  "rowFrom",
  "rowTo",
] as const;

/**
 * y = kept ? scale * x : 0, where unit u of image n is kept if word u % 4 of Philox4x32-10 with the counter
 * [u / 4, n, layer, step] and the key is at least the threshold, both as unsigned 32-bit integers. The same kernel takes
 * dy to dx, called with (step, n, slot of x and y). `generator` is the address of three words: the key's two and the step's number. Unit numbers go on from row
 * to row: row r begins with unit + r * rowLength.
 */
export const DROPOUT_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "output",
  "outputImage",
  "outputRow",
  "rowLength",
  "rowFrom",
  "rowTo",
  "unit",
  "layer",
  "threshold",
  "generator",
  "scale",
] as const;

/**
 * dx of max pooling: each window gives its dy to its first largest element, row by row, of what lies inside the map; dx
 * is overwritten. The whole map of one image and tower.
 */
export const MAX_POOLING_GRADIENT_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "gradient",
  "gradientImage",
  "gradientRow",
  "output",
  "outputImage",
  "outputRow",
  "channels",
  "inputRows",
  "inputColumns",
  "outputRows",
  "outputColumns",
  "kernelRows",
  "kernelColumns",
  "strideRows",
  "strideColumns",
  "paddingTop",
  "paddingLeft",
] as const;

/** dx of average pooling: each window gives dy / count to what lies of it inside the map; dx is overwritten. */
export const AVERAGE_POOLING_GRADIENT_FIELDS = [
  "gradient",
  "gradientImage",
  "gradientRow",
  "output",
  "outputImage",
  "outputRow",
  "channels",
  "inputRows",
  "inputColumns",
  "outputRows",
  "outputColumns",
  "kernelRows",
  "kernelColumns",
  "strideRows",
  "strideColumns",
  "paddingTop",
  "paddingLeft",
  "countedTop",
  "countedLeft",
  "countedBottom",
  "countedRight",
] as const;

/**
 * dx of response normalisation, with s = k + alpha * sum of x^2:
 * dx[c] = dy[c] * s[c]^-beta - 2 alpha beta x[c] * sum over j, whose window has c in it, of dy[j] x[j] s[j]^(-beta - 1).
 * below and above: as for the normalisation, from a pixel's first channel to the LAST `before + after` channels of x of
 * the tower below, and to the first channels of the tower above; gradientBelow and gradientAbove the same of dy; 0: none.
 */
export const NORMALISATION_GRADIENT_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "gradient",
  "gradientImage",
  "gradientRow",
  "output",
  "outputImage",
  "outputRow",
  "channels",
  "columns",
  "rowFrom",
  "rowTo",
  "before",
  "after",
  "below",
  "above",
  "gradientBelow",
  "gradientAbove",
  "scratch",
  "alpha",
  "beta",
  "k",
] as const;

/**
 * Softmax with cross-entropy of one image: loss = log(sum of exp(x)) - x[label] in float64, stored as float32;
 * dx = scale * (softmax(x) - [c is the label]); rank = the number of classes whose x is greater than the label's.
 * Class c is channel c % channels of tower c / channels. Labels and ranks are int32, losses float32, one an image.
 */
export const SOFTMAX_LOSS_FIELDS = [
  "input",
  "inputImage",
  "inputTower",
  "output",
  "outputImage",
  "outputTower",
  "towers",
  "channels",
  "labels",
  "losses",
  "ranks",
  "scale",
] as const;

/** output[c][r] = input[r][c] of each of some panels; called with (step, input's block, output's block). */
export const TRANSPOSE_FIELDS = [
  "input",
  "inputBlock",
  "inputPanel",
  "inputRow",
  "output",
  "outputBlock",
  "outputPanel",
  "outputRow",
  "panels",
  "rows",
  "columns",
] as const;

/**
 * Filters turned round, inputs and outputs exchanged: from packed W [outputs / NR][rows][columns][inputs][NR] to one panel
 * [rows][columns][outputs][NR] of inputs, out[rows - 1 - y][columns - 1 - x][o][i] = W[o / NR][y][x][i][o % NR]; 0 for inputs
 * that do not exist. `input` is where a tower's W begins, panels `inputPanel` apart; called with (step, 0, panel of inputs).
 */
export const FLIP_FILTERS_FIELDS = [
  "input",
  "inputPanel",
  "output",
  "outputPanel",
  "inputs",
  "outputs",
  "rows",
  "columns",
] as const;

/**
 * U = G g G^T, for panels of filters: from [outer][taps][taps][channels][NR] to 49 planes [outer x channels][NR]. Called
 * with (step, panel, panel).
 */
export const WINOGRAD_FILTER_FIELDS = [
  "input",
  "inputPanel",
  "output",
  "outputPanel",
  "outputPlane",
  "outer",
  "channels",
  "taps",
  "scratch",
] as const;

/**
 * Z = A dy A^T of every tile of one image: 49 planes [panels][tiles][NR], 0 for what of a tile is outside of the map and for
 * channels that do not exist. The panels from panelFrom to panelTo; called with (step, slot of dy, image of the block).
 */
export const WINOGRAD_GRADIENT_FIELDS = [
  "gradient",
  "gradientImage",
  "gradientRow",
  "gradientColumn",
  "output",
  "outputImage",
  "outputPanel",
  "outputPlane",
  "rows",
  "columns",
  "channels",
  "panelFrom",
  "panelTo",
  "scratch",
] as const;

/**
 * dU (+)= V^T Z for one of 49 planes: V [tiles][depth], Z [panels][tiles][NR], dU [panels][depth][NR]. Every sum is one
 * chain from what is there through the tiles, so its bits do not depend on how many tiles a block has. Called with
 * (step, plane of V and Z, plane of dU).
 */
export const GEMM_GRADIENT_FIELDS = [
  "input",
  "inputPlane",
  "inputRow",
  "gradient",
  "gradientPlane",
  "gradientPanel",
  "output",
  "outputPlane",
  "depth",
  // tiles
  "rows",
  "panelFrom",
  "panelTo",
  // 1: goes on from what is there; 0: from zero
  "accumulate",
  "scratch",
] as const;

/**
 * dg = G^T dU G, for panels of filters: from 49 planes [outer x channels][NR] to [outer][taps][taps][channels][NR]. Called
 * with (step, panel, panel).
 */
export const WINOGRAD_FILTER_GRADIENT_FIELDS = [
  "input",
  "inputPanel",
  "inputPlane",
  "output",
  "outputPanel",
  "outer",
  "channels",
  "taps",
  "scratch",
] as const;

/** Row k of a panel [rows][NR] is row table[k] of another, or zeros where that is -1. Called with (step, panel, panel). */
export const GATHER_ROWS_FIELDS = ["input", "inputPanel", "output", "outputPanel", "table", "rows"] as const;

/**
 * The update rule of the paper's section 5: v = momentum * v - decay * rate * w - rate * g; w = w + v. `rule` is the
 * address of three float32: rate, decay, momentum. `count` is a multiple of 4.
 */
export const MOMENTUM_UPDATE_FIELDS = ["weights", "velocity", "gradient", "count", "rule"] as const;

export const GRADIENT_KERNEL_FIELDS = {
  weights_gradient: WEIGHTS_GRADIENT_FIELDS,
  weights_gradient_packed: WEIGHTS_GRADIENT_FIELDS,
  bias_gradient: BIAS_GRADIENT_FIELDS,
  rectifier_gradient: RECTIFIER_GRADIENT_FIELDS,
  dropout: DROPOUT_FIELDS,
  max_pooling_gradient: MAX_POOLING_GRADIENT_FIELDS,
  average_pooling_gradient: AVERAGE_POOLING_GRADIENT_FIELDS,
  normalisation_gradient: NORMALISATION_GRADIENT_FIELDS,
  softmax_loss: SOFTMAX_LOSS_FIELDS,
  transpose: TRANSPOSE_FIELDS,
  flip_filters: FLIP_FILTERS_FIELDS,
  winograd_filter: WINOGRAD_FILTER_FIELDS,
  winograd_gradient_5: WINOGRAD_GRADIENT_FIELDS,
  winograd_gradient_3: WINOGRAD_GRADIENT_FIELDS,
  gemm_gradient: GEMM_GRADIENT_FIELDS,
  winograd_filter_gradient: WINOGRAD_FILTER_GRADIENT_FIELDS,
  gather_rows: GATHER_ROWS_FIELDS,
  momentum_update: MOMENTUM_UPDATE_FIELDS,
} as const;

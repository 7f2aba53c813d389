/** What one call of a kernel has to do, from what it is told. */
import { PLANES } from "../workers/winograd.js";
import type { ForwardStep } from "../workers/steps.js";

export interface Cost {
  /** Multiply-adds, 0 for a kernel that does other things. */
  readonly macs: number;
  /** Read and written, for kernels that memory bounds; 0 for others. */
  readonly bytes: number;
}

/** What a convolution reads for each product; a tile uses a weight for several. */
const BYTES_PER_WEIGHT = { conv_tile: 0, conv_row: 4, conv_row_bf16: 2 } as const;

/** @param panel output channels of a packed panel */
export function costOf(step: ForwardStep, panel: number): Cost {
  switch (step.kernel) {
    case "conv_tile":
    case "conv_row":
    case "conv_row_bf16": {
      const { fields } = step;
      const channels = Math.min(fields.channels, fields.panelTo * panel) - fields.panelFrom * panel;
      const depth = fields.outerRuns * fields.innerRuns * fields.runLength;
      const macs = (fields.positionTo - fields.positionFrom) * channels * depth;
      // with one position every weight is read for one product
      return { macs, bytes: macs * BYTES_PER_WEIGHT[step.kernel] };
    }
    case "expand":
      return { macs: 0, bytes: (2 + 4) * step.fields.depth * panel };
    case "gemm": {
      const { rows, depth, panelFrom, panelTo } = step.fields;
      return { macs: rows * depth * (panelTo - panelFrom) * panel, bytes: 0 };
    }
    case "space_to_depth": {
      const { rowFrom, rowTo, columns, channels } = step.fields;
      return { macs: 0, bytes: 2 * 4 * (rowTo - rowFrom) * columns * channels };
    }
    case "winograd_input": {
      const { towers, channels, tileRows, tileColumns } = step.fields;
      // windows overlap, so that a value is read more than once
      return { macs: 0, bytes: 2 * 4 * PLANES * tileRows * tileColumns * towers * channels };
    }
    case "winograd_output_5":
    case "winograd_output_3": {
      const { outputRows, outputColumns, channelFrom, channelTo } = step.fields;
      const outputs = step.kernel === "winograd_output_5" ? 5 : 3;
      const tiles = Math.ceil(outputRows / outputs) * Math.ceil(outputColumns / outputs);
      const values = PLANES * tiles + outputRows * outputColumns;
      return { macs: 0, bytes: 4 * values * (channelTo - channelFrom) };
    }
    case "max_pooling":
    case "average_pooling": {
      const { rowFrom, rowTo, outputColumns, channels, strideRows, inputColumns } = step.fields;
      const rows = rowTo - rowFrom;
      return { macs: 0, bytes: 4 * channels * rows * (outputColumns + strideRows * inputColumns) };
    }
    case "normalisation": {
      const { rowFrom, rowTo, columns, channels } = step.fields;
      return { macs: 0, bytes: 2 * 4 * (rowTo - rowFrom) * columns * channels };
    }
    case "activation": {
      const { rowFrom, rowTo, rowLength } = step.fields;
      return { macs: 0, bytes: 2 * 4 * (rowTo - rowFrom) * rowLength };
    }
  }
}

/** Before each step: the filters in the forms in which kernels read them. A worker makes whole panels. */
import type { Step } from "../../../workers/steps.js";
import type { ConvolutionOperation } from "../operations.js";
import type { Slice } from "../partition.js";
import { stageOf } from "./graph.js";
import { parameterOf, type ProgramWriter, type TrainingContext } from "./writer.js";

/** @param gradients whether the filters of the input gradients are wanted too */
export function filterSteps(context: TrainingContext, writer: ProgramWriter, gradients: boolean): void {
  for (const operation of context.graph.forward.operations) {
    if (operation.kind !== "convolution") continue;
    if (operation.winograd) transformed(context, writer, operation);
    if (gradients && context.graph.turned.has(operation.index)) turned(context, writer, operation);
  }
  writer.meet();
}

function transformed(context: TrainingContext, writer: ProgramWriter, operation: ConvolutionOperation): void {
  const { graph, layout } = context;
  const parameter = parameterOf(context, operation);
  const blocks = layout.filters.blocks.get(operation.index);
  const stage = stageOf(graph.forward, operation.index, "filters");
  writer.cut({ towers: parameter.towers, images: 1, panels: parameter.panels, rows: 1 }, (slice, worker) => {
    const weights = parameter.weights + slice.tower * parameter.weightsTower;
    const steps: Step[] = [];
    if (blocks) {
      const { panel } = layout.forward;
      steps.push({
        kernel: "gather_rows",
        fields: {
          input: weights,
          inputPanel: parameter.depth * panel * 4,
          output: blocks.weights.address + slice.tower * blocks.weights.tower,
          outputPanel: blocks.weights.rows * panel * 4,
          table: blocks.toBlocks,
          rows: blocks.weights.rows,
        },
      });
    }
    const source = blocks ? blocks.weights.address + slice.tower * blocks.weights.tower : weights;
    steps.push(transformStep(context, operation, "forward", source, slice, worker));
    eachPanel(writer, steps, slice, worker, stage);
  });
}

function turned(context: TrainingContext, writer: ProgramWriter, operation: ConvolutionOperation): void {
  const { graph, layout } = context;
  const back = graph.turned.get(operation.index);
  const room = layout.filters.turned.get(operation.index);
  if (back === undefined || room === undefined) throw new RangeError(`${operation.layer.name} is not turned`);
  const parameter = parameterOf(context, operation);
  const stage = stageOf(graph.forward, operation.index, "filters");
  const { panel } = layout.backward;
  const towers = graph.backward.tensors[back.output].towers;
  const grouped = operation.layer.groups > 1;
  const inputs = back.shaped.output[0] / towers;
  const outputs = operation.shaped.output[0] / parameter.towers;
  const [rows, columns] = operation.layer.kernel;
  const taps = rows * columns;
  writer.cut({ towers, images: 1, panels: room.panels, rows: 1 }, (slice, worker) => {
    const target = room.address + slice.tower * room.tower;
    // of a convolution that sees both towers, the filters of each tower of outputs, one behind the other
    const sources = grouped ? [slice.tower] : Array.from({ length: parameter.towers }, (_, tower) => tower);
    const steps = sources.map((source, index): Step => ({
      kernel: "flip_filters",
      fields: {
        input:
          parameter.weights +
          source * parameter.weightsTower +
          (grouped ? 0 : slice.tower * taps * inputs * panel * 4),
        inputPanel: parameter.depth * panel * 4,
        output: target + index * taps * outputs * panel * 4,
        outputPanel: room.rows * panel * 4,
        inputs,
        outputs,
        rows,
        columns,
      },
    }));
    if (back.winograd) steps.push(transformStep(context, back, "backward", target, slice, worker));
    eachPanel(writer, steps, slice, worker, stage);
  });
}

/** @param source where the filters of the slice's tower begin, [panels][outer][taps][taps][channels][NR] */
function transformStep(
  { graph, layout }: TrainingContext,
  operation: ConvolutionOperation,
  side: "forward" | "backward",
  source: number,
  slice: Slice,
  worker: number,
): Step {
  const packed = layout[side].packed.get(operation.index);
  const { winograd } = operation;
  if (packed === undefined || winograd === undefined) throw new RangeError("it is not computed by Winograd");
  const { panel, scratch, scratchWorker } = layout[side];
  const outer = operation.layer.groups > 1 ? 1 : graph[side].tensors[operation.input].towers;
  const { taps } = winograd;
  return {
    kernel: "winograd_filter",
    fields: {
      input: source,
      inputPanel: packed.depth * taps * taps * panel * 4,
      output: packed.weights + slice.tower * packed.weightsTower,
      outputPanel: packed.depth * panel * 4,
      outputPlane: packed.plane,
      outer,
      channels: packed.depth / outer,
      taps,
      scratch: scratch + worker * scratchWorker,
    },
  };
}

function eachPanel(
  writer: ProgramWriter,
  steps: readonly Step[],
  { panels: [from, to] }: Slice,
  worker: number,
  stage: number,
): void {
  for (let panel = from; panel < to; panel++)
    for (const step of steps) writer.add(worker, step, panel, panel, stage);
}

/** Windows of convolutions and poolings: kernel, strides and padding, as ONNX has them. */
import type { NodeView } from "./node-view.js";

export interface Windows {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** [top, left, bottom, right]. */
  readonly padding: readonly [number, number, number, number];
}

const NO_PADS = [0, 0, 0, 0] as const;
const EXPORT = "export the model without it";

/**
 * @param kernel where the weights tell it
 * @throws AlexNetError WEIGHTS_INVALID naming the node and the attribute.
 */
export function readWindows(view: NodeView, kernel?: readonly [number, number]): Windows {
  const shape = pairOf(view, "kernel_shape", kernel);
  if (kernel && (shape[0] !== kernel[0] || shape[1] !== kernel[1]))
    throw view.unread("kernel_shape", shape, `[${kernel.join(", ")}], as its weights are`, "export it again");
  const stride = pairOf(view, "strides", [1, 1]);
  const dilations = view.ints("dilations") ?? [1, 1];
  if (!dilations.every((dilation) => dilation === 1))
    throw view.unread("dilations", dilations, "[1, 1]", "export a model without dilated windows");
  return { kernel: shape, stride, padding: paddingOf(view, shape, stride) };
}

function pairOf(
  view: NodeView,
  name: string,
  fallback: readonly [number, number] | undefined,
): readonly [number, number] {
  const value = view.ints(name) ?? fallback;
  if (value?.length !== 2 || !value.every((size) => size >= 1))
    throw view.unread(name, value, "two whole numbers from 1: [height, width]", "export a model of images");
  return [value[0], value[1]];
}

function paddingOf(view: NodeView, kernel: Windows["kernel"], stride: Windows["stride"]): Windows["padding"] {
  const pads = view.ints("pads");
  if (pads && (pads.length !== 4 || !pads.every((side) => side >= 0)))
    throw view.unread("pads", pads, "four whole numbers from 0: [top, left, bottom, right]", EXPORT);
  const how = view.text("auto_pad", "NOTSET");
  if (how !== "NOTSET" && how !== "" && pads?.some((side) => side !== 0))
    throw view.unread("pads", pads, `left out where auto_pad is ${how}`, "export it with one of the two");
  switch (how) {
    case "NOTSET":
    case "":
      return pads ? [pads[0], pads[1], pads[2], pads[3]] : NO_PADS;
    case "VALID":
      return NO_PADS;
    case "SAME_UPPER":
    case "SAME_LOWER": {
      const [, height, width] = view.map();
      const sides = [height, width].map((size, axis) => {
        const windows = Math.ceil(size / stride[axis]);
        const all = Math.max((windows - 1) * stride[axis] + kernel[axis] - size, 0);
        // the odd one goes to the end, or to the beginning
        const less = Math.floor(all / 2);
        return how === "SAME_UPPER" ? [less, all - less] : [all - less, less];
      });
      return [sides[0][0], sides[1][0], sides[0][1], sides[1][1]];
    }
    default:
      throw view.unread("auto_pad", how, "NOTSET, VALID, SAME_UPPER or SAME_LOWER", EXPORT);
  }
}

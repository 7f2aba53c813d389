/** Random windows over a whole map in an arena, for the tests of both poolings' gradients. */
import type { StepOf } from "../../../../workers/steps.js";
import type { Random } from "../../../random.js";
import { primeFrom, type Arena } from "../arena.js";
import { windowsAlong } from "../pooling-steps.js";

type Fields = Omit<StepOf<"max_pooling_gradient">, "input" | "inputImage" | "inputRow">;

export interface PlacedGradient {
  readonly fields: Fields;
  readonly inputImage: number;
  readonly outputImage: number;
  /** At most so many windows have one element in them. */
  readonly windows: number;
}

/** dy and room for dx; what max pooling's gradient reads besides is the caller's to place. */
export function placeGradient(arena: Arena, random: Random, channels: number): PlacedGradient {
  const down = windowsAlong(random);
  const across = windowsAlong(random);
  const gradientRow = primeFrom(across.windows * channels);
  const gradientImage = primeFrom(down.windows * gradientRow);
  const outputRow = primeFrom(across.size * channels + 1);
  const outputImage = primeFrom(down.size * outputRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  arena.reset();
  const fields: Fields = {
    gradient: arena.fill((images.outputImage + 1) * gradientImage, random),
    gradientImage: 4 * gradientImage,
    gradientRow: 4 * gradientRow,
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    channels,
    inputRows: down.size,
    inputColumns: across.size,
    outputRows: down.windows,
    outputColumns: across.windows,
    kernelRows: down.kernel,
    kernelColumns: across.kernel,
    strideRows: down.stride,
    strideColumns: across.stride,
    paddingTop: down.padding,
    paddingLeft: across.padding,
  };
  const along = ({ kernel, stride }: typeof down): number => Math.ceil(kernel / stride);
  return { fields, ...images, windows: along(down) * along(across) };
}

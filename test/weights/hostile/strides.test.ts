/** Strides that are negative, zero or too far; only PyTorch's files have any. Those of one row are read, whatever they are. */
import { TORCH, VIEWED } from "./formats.js";
import { itRefuses, Judge, type HostileCase } from "./judge.js";

const DAMAGED = "; the file is damaged, get it again";
const CONTIGUOUS = "; save tensor.contiguous()";

const VIEWS: readonly (readonly [size: readonly number[], stride: readonly number[], problem: string])[] = [
  [[2], [-1], `: stride is [-1]; it must be whole numbers from 0${DAMAGED}`],
  [[2], [-(2 ** 31)], `: stride is [-2147483648]; it must be whole numbers from 0${DAMAGED}`],
  [[2], [0], ` has stride [0], by which elements of size [2] share places${CONTIGUOUS}`],
  [[2, 2], [0, 1], ` has stride [0, 1], by which elements of size [2, 2] share places${CONTIGUOUS}`],
  [
    [1 << 20, 1 << 20],
    [0, 0],
    ` has stride [0, 0], by which elements of size [1048576, 1048576] share places${CONTIGUOUS}`,
  ],
  [[2, 2], [1, 1], ` has stride [1, 1], by which elements of size [2, 2] share places${CONTIGUOUS}`],
  [[2], [2], `: storage offset + span is 3; it must be at most 2, the elements of its storage${DAMAGED}`],
  [
    [2],
    [2 ** 31 - 1],
    `: storage offset + span is 2147483648; it must be at most 2, the elements of its storage${DAMAGED}`,
  ],
  [[2], [1, 1], `: stride is [1,1]; it must be as long as size, which has 1, up to 8 axes${DAMAGED}`],
];

itRefuses(
  "strides",
  TORCH.flatMap((format) =>
    VIEWS.filter(([size, stride]) => format !== "torch-tar" || size.length === stride.length).map(
      ([size, stride, problem]): HostileCase => [
        format,
        `[${stride.join(", ")}] of a tensor [${size.join(", ")}]`,
        () => VIEWED[format](size, stride),
        `FILE: tensor "w"${problem}`,
      ],
    ),
  ),
);

describe("strides that do not matter", () => {
  const judge = Judge.ofSuite();
  for (const format of TORCH)
    it(`${format}: 0, and any, along an axis of one`, async () => {
      await judge.reads(VIEWED[format]([1, 2], [0, 1]));
      await judge.reads(VIEWED[format]([1, 2], [12345, 1]));
    });
});

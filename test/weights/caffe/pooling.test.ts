/** Poolings of Caffe files, computed by the engine, against Caffe's rules (pooling_layer.cpp). */
import { expect } from "chai";
import ndarray from "ndarray";
import { loadWeights } from "../../../lib/weights/index.js";
import { expectClose } from "../../compare.js";
import { withEngine } from "../../engines.js";
import { Random, testSeed } from "../../random.js";
import { chained, layer, net } from "../helpers/caffe.js";
import { expectError, withFile } from "../helpers/files.js";
import { bytes, integer, integers } from "../helpers/proto.js";

type Pair = readonly [rows: number, columns: number];

interface Pooling {
  readonly method: "MAX" | "AVE";
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
}

/** A net of one pooling, of maps of one channel. */
const fileOf = ({ method, size, kernel, stride, pad }: Pooling): Buffer =>
  net(
    layer({
      name: "in",
      type: "Input",
      tops: ["data"],
      more: [bytes(143, bytes(1, integers(1, 1, 1, ...size)))],
    }),
    chained(
      "pool",
      "Pooling",
      "data",
      "pool",
      bytes(
        121,
        integer(1, method === "MAX" ? 0 : 1),
        ...[kernel, stride, pad].flatMap(([rows, columns], index) => [
          integer(5 + 2 * index, rows),
          integer(6 + 2 * index, columns),
        ]),
      ),
    ),
    chained("prob", "Softmax", "pool", "prob"),
  );

/** The windows of an axis: as many as reach the end, but with padding none that starts behind the map. */
function windowsOf({ size, kernel, stride, pad }: Pooling, axis: 0 | 1): { start: number; end: number }[] {
  const count = Math.ceil((size[axis] + 2 * pad[axis] - kernel[axis]) / stride[axis]) + 1;
  const starts = Array.from({ length: count }, (_, index) => index * stride[axis] - pad[axis]);
  const isPadded = pad[0] > 0 || pad[1] > 0;
  return starts
    .filter((start) => !isPadded || start < size[axis])
    .map((start) => ({ start, end: Math.min(start + kernel[axis], size[axis] + pad[axis]) }));
}

/** Row by row. */
function pooled(pooling: Pooling, map: Float32Array): number[] {
  const { method, size } = pooling;
  return windowsOf(pooling, 0).flatMap((rows) =>
    windowsOf(pooling, 1).map((columns) => {
      const inside: number[] = [];
      for (let y = Math.max(rows.start, 0); y < Math.min(rows.end, size[0]); y++)
        for (let x = Math.max(columns.start, 0); x < Math.min(columns.end, size[1]); x++)
          inside.push(map[y * size[1] + x]);
      if (method === "MAX") return Math.max(...inside);
      const area = (rows.end - rows.start) * (columns.end - columns.start);
      return inside.reduce((sum, value) => sum + value, 0) / area;
    }),
  );
}

/** Caffe's value is then -FLT_MAX for the largest, and for the average NaN or 0. */
const looksAtNothing = (pooling: Pooling): boolean =>
  ([0, 1] as const).some((axis) => windowsOf(pooling, axis).some(({ start }) => start >= pooling.size[axis]));

const RUNS = 60;
/** A sum of at most 16 numbers above 0, each rounded, and a division. */
const TOLERANCE = 17 * 2 ** -24;

function randomPooling(random: Random, run: number): Pooling {
  const pair = (from: number, to: number): Pair => [random.integer(from, to), random.integer(from, to)];
  const kernel = pair(1, 4);
  return {
    method: run % 2 === 0 ? "MAX" : "AVE",
    kernel,
    size: pair(4, 9),
    stride: pair(1, 5),
    pad: run % 3 === 0 ? [0, 0] : [random.integer(0, kernel[0] - 1), random.integer(0, kernel[1] - 1)],
  };
}

describe("poolings of Caffe files", () => {
  const seed = testSeed();

  it(`compute what Caffe does, or are refused where a window sees nothing, ${RUNS} with seed ${seed}`, async () => {
    const random = new Random(seed);
    let refused = 0;
    for (let run = 0; run < RUNS; run++) {
      const pooling = randomPooling(random, run);
      // below 0, where a 0 of the padding would be the largest; above 0, where sums lose nothing
      const sign = pooling.method === "MAX" ? -1 : 1;
      const [rows, columns] = pooling.size;
      const map = Float32Array.from({ length: rows * columns }, () => sign * Math.abs(random.value()));
      const expected = pooled(pooling, map);
      const what = JSON.stringify(pooling);
      await withFile(fileOf(pooling), async (path) => {
        if (looksAtNothing(pooling)) {
          await expectError(
            loadWeights(path),
            "WEIGHTS_INVALID",
            /^FILE: layer "pool" has windows that start behind the map; only /,
            path,
          );
          refused++;
          return;
        }
        const weights = await loadWeights(path);
        await withEngine({ weights, threads: 1, maxBatch: 1, kernels: "reference" }, async (engine) => {
          const { data } = await engine.forward(ndarray(map, [1, 1, rows, columns]));
          expectClose(data, expected, { shape: [expected.length], tolerance: TOLERANCE, what });
        });
      });
    }
    expect(refused).to.be.within(1, RUNS / 2);
  });
});

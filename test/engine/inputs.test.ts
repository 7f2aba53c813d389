/** Inputs however they lie in memory, and what the layers give for them. */
import { expect } from "chai";
import ndarray, { type NdArray } from "ndarray";
import type { Engine } from "../../lib/engine/engine.js";
import { defineNetwork } from "../../lib/network/define.js";
import { inferShapes } from "../../lib/network/shapes.js";
import { imagesFor, withEngine } from "../engines.js";
import { expectClose, readGolden } from "../golden.js";
import { seededWeights } from "../seeded-weights.js";
import { small } from "./small.js";

type Data = Float32Array | Float64Array | Uint8Array | Int16Array | Uint8ClampedArray;

/** The same elements in other data, with these strides and this offset. */
function laidOut(source: NdArray<Float32Array>, data: Data, stride: number[], offset: number): NdArray {
  const [images, channels, height, width] = source.shape;
  for (let n = 0; n < images; n++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          data[offset + n * stride[0] + c * stride[1] + y * stride[2] + x * stride[3]] = source.get(
            n,
            c,
            y,
            x,
          );
  return ndarray(data as Float32Array, source.shape, stride, offset);
}

/** [N, 3, 12, 10] in memory: which strides and offset, and how many elements. */
const LAYOUTS: [what: string, stride: number[], offset: number, length: number][] = [
  ["channels last", [360, 1, 30, 3], 0, 720],
  ["images innermost", [1, 240, 20, 2], 0, 720],
  ["an offset", [360, 120, 10, 1], 13, 733],
  ["every second column of a wider map", [720, 240, 20, 2], 1, 1441],
  ["upside down", [360, 120, -10, 1], 110, 720],
  ["mirrored, channels reversed", [360, -120, 10, -1], 249, 720],
  ["columns before rows", [360, 120, 1, 12], 0, 720],
];

describe("inputs", () => {
  for (const [what, stride, offset, length] of LAYOUTS)
    it(`with ${what} are what their view says`, () =>
      withEngine(small, async (engine) => {
        const images = imagesFor(engine, 2);
        const expected = await engine.forward(images);
        const data = new Float32Array(length).fill(NaN);
        expect((await engine.forward(laidOut(images, data, stride, offset))).data).to.deep.equal(
          expected.data,
        );
      }));

  for (const Kind of [Float64Array, Uint8Array, Int16Array, Uint8ClampedArray])
    it(`of ${Kind.name} are taken as numbers`, () =>
      withEngine(small, async (engine) => {
        const images = imagesFor(engine, 2);
        images.data.forEach((value, at) => {
          images.data[at] = Math.abs(Math.trunc(value));
        });
        const expected = await engine.forward(images);
        const input = laidOut(images, new Kind(720), [360, 120, 10, 1], 0);
        expect((await engine.forward(input)).data).to.deep.equal(expected.data);
      }));

  it("may lie in shared memory, and may be one image seen several times", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 1);
      const one = await engine.forward(images);
      const shared = new Float32Array(new SharedArrayBuffer(4 * 360));
      shared.set(images.data);
      const output = await engine.forward(ndarray(shared, [3, 3, 12, 10], [0, 120, 10, 1]));
      expect(output.data).to.deep.equal(Float32Array.of(...one.data, ...one.data, ...one.data));
    }));

  it("may be ndarrays over plain arrays", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 2);
      const plain = ndarray([...images.data], images.shape);
      expect((await engine.forward(plain)).data).to.deep.equal((await engine.forward(images)).data);
    }));

  it("may be views without the methods of an ndarray", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 2);
      const { data, shape, stride, offset } = images;
      const bare = { data, shape, stride, offset } as typeof images;
      expect((await engine.forward(bare)).data).to.deep.equal((await engine.forward(images)).data);
    }));

  it("that are refused in the middle of a batch leave nothing behind", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 4);
      const expected = await engine.forward(images);
      const bad = imagesFor(engine, 4);
      bad.data.fill(1, 0, 700);
      bad.data[1439] = Infinity;
      expect(await engine.forward(bad).catch((error: unknown) => error)).to.have.property(
        "code",
        "INPUT_INVALID",
      );
      expect((await engine.forward(images)).data).to.deep.equal(expected.data);
    }));
});

describe("activations", () => {
  const shapesOf = (engine: Engine, images: number) =>
    Object.fromEntries(
      inferShapes(engine.network).map(({ layer, output }) => [layer.name, [images, ...output]]),
    );

  for (const name of ["alexnet2012", "bvlc-alexnet", "caffenet", "single-tower", "torchvision"])
    it(`of every layer of the ${name} twin have the shape that the network gives`, () => {
      const { network, weights } = readGolden(`twins/${name}`);
      return withEngine(
        { network, weights, threads: 2, maxBatch: 3, kernels: "baseline" },
        async (engine) => {
          const values = await engine.activations(imagesFor(engine, 3), engine.layers);
          const shapes = Object.fromEntries(
            Object.entries(values).map(([layer, { shape }]) => [layer, shape]),
          );
          expect(shapes).to.deep.equal(shapesOf(engine, 3));
        },
      );
    });

  it("of a layer before a ReLU are rectified, of flatten and dropout in training those before them", () => {
    const { network, weights } = readGolden("twins/caffenet");
    return withEngine({ network, weights, threads: 2, maxBatch: 2, kernels: "baseline" }, async (engine) => {
      const values = await engine.activations(imagesFor(engine, 2), engine.layers);
      expect(values.conv1.data).to.deep.equal(values.relu1.data);
      expect(Math.min(...values.conv1.data)).to.equal(0);
      expect(values.flatten.data).to.deep.equal(values.pool5.data);
      expect(values.drop6.data).to.deep.equal(values.fc6.data);
    });
  });

  it("of dropout that is scaled in inference are half of the layer before, where the rate is 0.5", () => {
    const { network, weights } = readGolden("twins/alexnet2012");
    return withEngine({ network, weights, threads: 2, maxBatch: 2, kernels: "baseline" }, async (engine) => {
      const { fc6, drop6, fc7, drop7 } = await engine.activations(imagesFor(engine, 2), [
        "fc6",
        "drop6",
        "fc7",
        "drop7",
      ]);
      expect(Math.max(...fc6.data)).to.be.above(0);
      expect(drop6.data).to.deep.equal(fc6.data.map((value) => value / 2));
      expect(drop7.data).to.deep.equal(fc7.data.map((value) => value / 2));
    });
  });

  it("of softmax are probabilities of what forward gives", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 3);
      const logits = await engine.forward(images);
      const { prob, fc4 } = await engine.activations(images, ["prob", "fc4"]);
      expect(fc4.data).to.deep.equal(logits.data);
      for (let n = 0; n < 3; n++) {
        const exponents = Array.from({ length: 7 }, (_, c) => Math.exp(logits.get(n, c) - logits.get(n, 0)));
        const sum = exponents.reduce((a, b) => a + b, 0);
        const expected = exponents.map((exponent) => exponent / sum);
        // a float32 rounding, and as much again for the exponents' own in float64
        const rules = { shape: [7], tolerance: 2 ** -23, what: `image ${n}` };
        expectClose(prob.data.subarray(7 * n, 7 * n + 7), expected, rules);
      }
    }));

  it("of a softmax over a map are probabilities over the channels of each pixel", () => {
    const network = defineNetwork({
      name: "map",
      input: [2, 3, 3],
      layers: [
        { type: "convolution", name: "conv1", outChannels: 4, kernel: 2 },
        { type: "softmax", name: "prob" },
      ],
    });
    return withEngine(
      { network, weights: seededWeights(network), threads: 1, kernels: "baseline" },
      async (engine) => {
        const { prob } = await engine.activations(imagesFor(engine, 2), ["prob"]);
        expect(prob.shape).to.deep.equal([2, 4, 2, 2]);
        for (let n = 0; n < 2; n++)
          for (const [y, x] of [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ]) {
            const sum = [0, 1, 2, 3].reduce((all, c) => all + prob.get(n, c, y, x), 0);
            // four probabilities, each rounded to float32
            expect(Math.abs(sum - 1)).to.be.at.most(4 * 2 ** -24);
          }
      },
    );
  });

  it("of a layer that leaves the input as it is are the input", () => {
    const network = defineNetwork({
      name: "flat",
      input: [3, 4, 2],
      layers: [
        { type: "flatten", name: "flatten" },
        { type: "fully-connected", name: "fc1", outFeatures: 5 },
      ],
    });
    return withEngine(
      { network, weights: seededWeights(network), threads: 1, kernels: "baseline" },
      async (engine) => {
        const images = imagesFor(engine, 2);
        const { flatten } = await engine.activations(images, ["flatten"]);
        expect(flatten.shape).to.deep.equal([2, 24]);
        expect(flatten.data).to.deep.equal(images.data);
      },
    );
  });

  it("of a network that ends in flatten are a vector, as what forward gives", () => {
    const network = defineNetwork({
      name: "vector",
      input: [3, 4, 2],
      layers: [
        { type: "relu", name: "relu1" },
        { type: "flatten", name: "flatten" },
      ],
    });
    return withEngine(
      { network, weights: seededWeights(network), threads: 2, kernels: "baseline" },
      async (engine) => {
        const images = imagesFor(engine, 2);
        const output = await engine.forward(images);
        expect(output.shape).to.deep.equal([2, 24]);
        expect(output.data).to.deep.equal(images.data.map((value) => Math.max(0, value)));
        expect((await engine.activations(images, ["relu1"])).relu1.shape).to.deep.equal([2, 3, 4, 2]);
      },
    );
  });
});

import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { asMap, elementsOf, inferShapes } from "../../lib/network/shapes.js";
import { MODEL_NAMES, networkByName, singleTower, type ModelName } from "../../lib/network/variants.js";
import { readContainer } from "../golden.js";

/** The output of one layer. */
function outputOf(input: readonly number[], layer: Record<string, unknown>): readonly number[] {
  const network = defineNetwork({ name: "case", input, layers: [{ name: "layer", ...layer }] });
  return inferShapes(network)[0].output;
}
const convolution = (size: number, more: Record<string, unknown>) =>
  outputOf([1, size, 1], { type: "convolution", outChannels: 1, ...more })[1];

describe("inferShapes", () => {
  it("rounds conv1 of 224 down to 54 or up to 55, and 227 to 55 either way", () => {
    const conv1 = { type: "convolution", outChannels: 96, kernel: 11, stride: 4 };
    expect(outputOf([3, 224, 224], { ...conv1, rounding: "floor" })).to.deep.equal([96, 54, 54]);
    expect(outputOf([3, 224, 224], { ...conv1, rounding: "ceil" })).to.deep.equal([96, 55, 55]);
    for (const rounding of ["floor", "ceil"])
      expect(outputOf([3, 227, 227], { ...conv1, rounding })).to.deep.equal([96, 55, 55]);
    expect(outputOf([3, 224, 224], { ...conv1, padding: 2 })).to.deep.equal([96, 55, 55]);
  });

  it("follows 3/2 pooling from 54 and from 55 with each rounding", () => {
    const chain = (first: number, rounding: string) => {
      const sizes = [first];
      for (let i = 0; i < 3; i++)
        sizes.push(
          outputOf([1, sizes[i], sizes[i]], { type: "max-pooling", kernel: 3, stride: 2, rounding })[1],
        );
      return sizes;
    };
    expect(chain(54, "floor")).to.deep.equal([54, 26, 12, 5]);
    expect(chain(54, "ceil")).to.deep.equal([54, 27, 13, 6]);
    expect(chain(55, "floor")).to.deep.equal([55, 27, 13, 6]);
    expect(chain(55, "ceil")).to.deep.equal([55, 27, 13, 6]);
  });

  it("counts pooling windows as PyTorch does, and drops one that would start behind the map", () => {
    const { shape, data } = readContainer("tables/pooling-windows").tensors.get("windows") ?? {
      shape: [0],
      data: [],
    };
    let dropped = 0;
    for (let row = 0; row < shape[0]; row++) {
      const [size, kernel, stride, padding, floor, ceil] = data.slice(row * 6, row * 6 + 6);
      for (const type of ["max-pooling", "average-pooling"]) {
        const windows = { kernel: [kernel, 1], stride: [stride, 1], padding: [padding, 0] };
        const got = ["floor", "ceil"].map(
          (rounding) => outputOf([1, size, 1], { type, ...windows, rounding })[1],
        );
        const what = `${type}, size ${size}, kernel ${kernel}, stride ${stride}, padding ${padding}`;
        expect(got, what).to.deep.equal([floor, ceil]);
      }
      if (Math.ceil((size + 2 * padding - kernel) / stride) + 1 > ceil) dropped++;
    }
    expect(shape[0]).to.be.above(400);
    expect(dropped).to.be.above(10);
  });

  it("never gives fewer windows rounded up than rounded down, where a convolution's padding is wide", () => {
    const wide = { kernel: 1, stride: [2, 1], padding: [0, 0, 4, 0] };
    expect(convolution(5, { ...wide, rounding: "floor" })).to.equal(5);
    expect(convolution(5, { ...wide, rounding: "ceil" })).to.equal(5);
  });

  it("adds no convolution window that would start behind the map", () => {
    expect(convolution(2, { kernel: 1, stride: [2, 1], rounding: "ceil" })).to.equal(1);
    expect(convolution(3, { kernel: [2, 1], stride: [2, 1], rounding: "ceil" })).to.equal(2);
  });

  it("takes height and width apart", () => {
    const layer = {
      type: "convolution",
      outChannels: 6,
      kernel: [3, 5],
      stride: [2, 1],
      padding: [1, 0, 2, 3],
    };
    expect(outputOf([4, 8, 9], layer)).to.deep.equal([6, 5, 8]);
  });

  it("flattens a map to its elements, and leaves the rest as it is", () => {
    expect(outputOf([4, 3, 5], { type: "flatten" })).to.deep.equal([60]);
    expect(outputOf([4, 3, 5], { type: "fully-connected", outFeatures: 7 })).to.deep.equal([7]);
    for (const type of ["relu", "softmax"]) expect(outputOf([4, 3, 5], { type })).to.deep.equal([4, 3, 5]);
    expect(outputOf([4, 3, 5], { type: "dropout", rate: 0.5 })).to.deep.equal([4, 3, 5]);
  });

  it("sees a vector as a map of one pixel", () => {
    expect(asMap([9216])).to.deep.equal([9216, 1, 1]);
    expect(asMap([256, 6, 5])).to.deep.equal([256, 6, 5]);
    expect(elementsOf([256, 6, 5])).to.equal(7680);
  });
});

const GROUPED = "96x55 96x27 256x27 256x13 384x13 384x13 256x13 256x6 9216 4096 4096 1000";
/** Outputs of the layers that change the shape: channels x side, or features. */
const SHAPES: Record<ModelName, string> = {
  alexnet2012: GROUPED,
  caffenet: GROUPED,
  "bvlc-alexnet": GROUPED,
  "single-tower": GROUPED,
  torchvision: "64x55 64x27 192x27 192x13 384x13 256x13 256x13 256x6 9216 4096 4096 1000",
};
const CHANGING = ["convolution", "max-pooling", "flatten", "fully-connected"];

describe("shapes of the published networks", () => {
  for (const name of MODEL_NAMES)
    it(`${name}: ${SHAPES[name]}`, () => {
      const shaped = inferShapes(networkByName(name)).filter(({ layer }) => CHANGING.includes(layer.type));
      const shown = shaped.map(({ output }) => {
        if (output.length === 3) expect(output[1]).to.equal(output[2]);
        return output.slice(0, 2).join("x");
      });
      expect(shown.join(" ")).to.equal(SHAPES[name]);
    });

  it("single-tower on 224 x 224 gives 6400 features, and 9216 only from 227 to 258", () => {
    const features = (side: number) => {
      const network = { ...singleTower(), input: [3, side, side] };
      const shaped = inferShapes(defineNetwork(network));
      return shaped.find(({ layer }) => layer.type === "flatten")?.output;
    };
    expect(features(224)).to.deep.equal([6400]);
    expect(features(226)).to.deep.equal([6400]);
    expect(features(227)).to.deep.equal([9216]);
    expect(features(258)).to.deep.equal([9216]);
    expect(features(259)).to.deep.equal([12544]);
  });
});

describe("parametersOf", () => {
  it("gives weights and biases in the order of the layers", () => {
    const shown = parametersOf(networkByName("caffenet")).map(
      ({ name, shape }) => `${name} ${shape.join("x")}`,
    );
    expect(shown).to.deep.equal([
      "conv1.weight 96x3x11x11",
      "conv1.bias 96",
      "conv2.weight 256x48x5x5",
      "conv2.bias 256",
      "conv3.weight 384x256x3x3",
      "conv3.bias 384",
      "conv4.weight 384x192x3x3",
      "conv4.bias 384",
      "conv5.weight 256x192x3x3",
      "conv5.bias 256",
      "fc6.weight 4096x9216",
      "fc6.bias 4096",
      "fc7.weight 4096x4096",
      "fc7.bias 4096",
      "fc8.weight 1000x4096",
      "fc8.bias 1000",
    ]);
  });

  it("leaves out a bias that is not there, and tells the layer and the kind", () => {
    const layer = { type: "fully-connected", name: "fc", outFeatures: 5, bias: false };
    expect(parametersOf(defineNetwork({ name: "case", input: [2, 3, 4], layers: [layer] }))).to.deep.equal([
      { name: "fc.weight", layer: "fc", kind: "weight", shape: [5, 24] },
    ]);
  });
});

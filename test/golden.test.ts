import { expect } from "chai";
import { MODEL_NAMES, networkByName } from "../lib/network/variants.js";
import { parametersOf } from "../lib/network/parameters.js";
import { elementsOf, inferShapes } from "../lib/network/shapes.js";
import { expectClose, goldenNames, parseContainer, readGolden } from "./golden.js";

/** A container of two tensors, with what `change` does to its header. */
function container(change: (header: Record<string, unknown>) => void = () => undefined): Uint8Array {
  const header: Record<string, unknown> = {
    __metadata__: { note: "two" },
    wide: { dtype: "F64", shape: [2], data_offsets: [0, 16] },
    narrow: { dtype: "F32", shape: [1, 1], data_offsets: [16, 20] },
  };
  change(header);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + 20);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  view.setFloat64(8 + text.length, 0.1, true);
  view.setFloat64(16 + text.length, -2, true);
  view.setFloat32(24 + text.length, 7, true);
  return bytes;
}

describe("golden containers", () => {
  it("give metadata, shapes and numbers, wherever the data begins", () => {
    const bytes = container();
    const shifted = Buffer.concat([Buffer.of(0), bytes]).subarray(1);
    for (const { metadata, tensors } of [parseContainer(bytes), parseContainer(shifted)]) {
      expect(metadata).to.deep.equal({ note: "two" });
      expect(tensors.get("wide")).to.deep.equal({ shape: [2], data: Float64Array.of(0.1, -2) });
      expect(tensors.get("narrow")).to.deep.equal({ shape: [1, 1], data: Float32Array.of(7) });
    }
  });

  it("are refused where they contradict themselves", () => {
    expect(() => parseContainer(container().subarray(0, -1))).to.throw(
      "narrow: the file ends before its byte",
    );
    expect(() =>
      parseContainer(
        container((header) => {
          header.wide = { dtype: "F64", shape: [3], data_offsets: [0, 16] };
        }),
      ),
    ).to.throw("wide: [3] does not have 2 elements");
    expect(() =>
      parseContainer(
        container((header) => {
          header.wide = { dtype: "F16", shape: [8], data_offsets: [0, 16] };
        }),
      ),
    ).to.throw("wide: dtype F16 is none of F64, F32, I32");
  });
});

describe("golden cases", () => {
  for (const name of [...goldenNames("layers"), ...goldenNames("twins"), ...goldenNames("variants")])
    it(`${name} has the shapes that lib/network gives`, () => {
      const { network, batch, input, output, weights, samples } = readGolden(name);
      const shaped = inferShapes(network);
      expect(input.shape).to.deep.equal([batch, ...network.input]);
      expect(input.data.length).to.equal(elementsOf(input.shape));
      expect(output.shape).to.deep.equal([batch, ...shaped[shaped.length - 1].output]);
      expect(output.data.every((value) => Number.isFinite(value))).to.equal(true);
      expect([...weights.tensors.values()].map(({ name, shape }) => ({ name, shape }))).to.have.deep.members(
        parametersOf(network).map(({ name, shape }) => ({ name, shape })),
      );
      for (const { layer, indices, values, largest } of samples) {
        const found = shaped.find((item) => item.layer.name === layer);
        const size = batch * elementsOf(found?.output ?? []);
        expect(indices.every((index) => index >= 0 && index < size)).to.equal(true);
        expect(values.length).to.equal(indices.length);
        expect(values.every((value) => Math.abs(value) <= largest)).to.equal(true);
      }
    });

  it("have every kind of layer, every batch from 1 to 5, and seeded and stored numbers", () => {
    const cases = [...goldenNames("layers"), ...goldenNames("twins")].map(readGolden);
    expect(new Set(cases.flatMap(({ network }) => network.layers.map(({ type }) => type))).size).to.equal(9);
    expect([...new Set(cases.map(({ batch }) => batch))].sort()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(new Set(cases.map(({ tensors }) => tensors.has("input"))).size).to.equal(2);
    expect(new Set(cases.map(({ exact }) => exact)).size).to.equal(2);
  });

  it("hold the published networks, as PyTorch's side wrote them down on its own", () => {
    expect(goldenNames("variants")).to.have.members(MODEL_NAMES.map((name) => `variants/${name}`));
    for (const name of MODEL_NAMES)
      expect(readGolden(`variants/${name}`).network).to.deep.equal(networkByName(name));
  });

  it("sample every layer of a variant that has weights, and its pools and norms", () => {
    for (const name of MODEL_NAMES) {
      const { network, samples } = readGolden(`variants/${name}`);
      const wanted = network.layers
        .filter(({ type }) => !["relu", "flatten", "dropout", "softmax"].includes(type))
        .map((layer) => layer.name)
        .filter((layer) => layer !== "fc8");
      expect(samples.map(({ layer }) => layer)).to.have.members(wanted);
    }
  });

  it("read stored weights by the range", async () => {
    const { weights, tensors } = readGolden("layers/conv-fc");
    const whole = tensors.get("fc.weight")?.data ?? [];
    const part = new Float32Array(5);
    await weights.stream((read) => read("fc.weight", 100, part));
    expectClose(part, whole.slice(100, 105), { shape: [5], tolerance: 0, what: "fc.weight" });
  });
});

/** Response normalisation of [100, 200, 300, 0, 50, 10] with size 5, alpha 1e-4, beta 0.75: published figures. */
const CONVENTIONS: Record<string, number[]> = {
  "lrn-vector-caffe": [36.741959, 73.483917, 109.150494, 0, 22.78284, 9.626938],
  "lrn-vector-2012": [30.836784, 61.673567, 91.794139, 0, 18.184665, 5.832664],
  "lrn-vector-paper": [12.5, 25.0, 37.06647, 0, 8.134226, 5.425236],
};

describe("golden response normalisation", () => {
  for (const [name, figures] of Object.entries(CONVENTIONS))
    it(`${name} is ${figures.join(", ")} to half of the last digit`, () => {
      const { output } = readGolden(`layers/${name}`);
      const tolerance = 5e-7 / Math.max(...figures);
      expectClose(output.data, figures, { shape: [6], tolerance, what: name });
    });
});

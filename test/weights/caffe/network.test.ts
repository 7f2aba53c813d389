/** Which network the reader builds from a file's layers, and what it refuses. */
import { expect } from "chai";
import { loadWeights, resolveNetwork } from "../../../lib/weights/index.js";
import type { Layer } from "../../../lib/network/layers.js";
import {
  chained,
  conv,
  data,
  inPlace,
  input,
  layer,
  net,
  netWith,
  prob,
  product,
  shape,
} from "../helpers/caffe.js";
import { expectError, withFile } from "../helpers/files.js";
import { bytes, floats, integer, integers, text } from "../helpers/proto.js";

const computed =
  "; only convolution, max and average pooling, LRN across channels, inner product, ReLU, dropout, flatten and softmax, one after" +
  " the other, can be computed; use weights of such a network";

const loaded = (content: Buffer) => withFile(content, (path) => loadWeights(path));
const layersOf = async (content: Buffer): Promise<readonly Layer[]> =>
  (await loaded(content)).network?.layers ?? [];
/** The layer that stands behind the convolution. */
const second = async (content: Buffer): Promise<Layer> => (await layersOf(content))[1];

const refuses = (content: Buffer, message: string | RegExp): Promise<void> =>
  withFile(content, (path) => expectError(loadWeights(path), "WEIGHTS_INVALID", message, path));

describe("networks of Caffe files", () => {
  const common = { type: "convolution", name: "conv", outChannels: 4, kernel: [3, 3], stride: [1, 1] };
  const plain = { ...common, padding: [0, 0, 0, 0], groups: 1, bias: true, rounding: "floor" };
  const convolutions: readonly [title: string, fields: Buffer[], wanted: object][] = [
    [
      "sizes for both axes",
      [integer(4, 5), integer(6, 2), integer(3, 1)],
      { kernel: [5, 5], stride: [2, 2], padding: [1, 1, 1, 1] },
    ],
    ["sizes an axis", [integers(4, 3, 5), integer(6, 1), integer(6, 2)], { kernel: [3, 5], stride: [1, 2] }],
    [
      "sizes by name",
      [integer(11, 3), integer(12, 5), integer(9, 0), integer(10, 2), integer(13, 1), integer(14, 2)],
      { kernel: [3, 5], stride: [1, 2], padding: [0, 2, 0, 2] },
    ],
    ["no bias", [integer(4, 3), integer(2, 0)], { bias: false }],
    ["the last of several", [integer(4, 3), integer(1, 2), integer(2, 0), integer(2, 1)], { outChannels: 2 }],
    ["padding of one axis alone", [integer(4, 3), integer(10, 2)], { padding: [0, 2, 0, 2] }],
    ["a dilation of 1", [integer(4, 3), integer(18, 1)], {}],
  ];
  for (const [title, fields, wanted] of convolutions)
    it(`takes a convolution with ${title}`, async () => {
      const [first] = await layersOf(net(input, conv(...fields), product, prob));
      expect(first).to.deep.equal({ ...plain, ...wanted });
    });

  it("joins the parts of a message that is there twice", async () => {
    const twice = [bytes(106, integer(1, 4), integer(4, 3)), bytes(106, integer(2, 0))];
    const [first] = await layersOf(
      net(input, chained("conv", "Convolution", "data", "conv", ...twice), product, prob),
    );
    expect(first).to.deep.equal({ ...plain, bias: false });
  });

  it("takes poolings, which Caffe rounds up, and down where they say so", async () => {
    const pool = (...fields: Buffer[]) => second(inPlace("Pooling", bytes(121, ...fields)));
    const wanted = { type: "max-pooling", name: "x", kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] };
    const fields = [integer(2, 3), integer(3, 2), integer(4, 1)];
    expect(await pool(...fields)).to.deep.equal({ ...wanted, rounding: "ceil" });
    expect(await pool(...fields, integer(1, 0), integer(13, 1))).to.deep.equal({
      ...wanted,
      rounding: "floor",
    });
    const named = [integer(5, 2), integer(6, 3), integer(7, 1), integer(8, 2), integer(9, 0), integer(10, 1)];
    const sizes = { kernel: [2, 3], stride: [1, 2], padding: [0, 1, 0, 1] };
    expect(await pool(...named)).to.deep.equal({ ...wanted, ...sizes, rounding: "ceil" });
    expect(await pool(...fields, integer(1, 1))).to.deep.equal({
      ...{ ...wanted, type: "average-pooling", countPadding: true, rounding: "ceil" },
    });
  });

  it("takes normalisations with Caffe's defaults, and their constants as they were written", async () => {
    const norm = (...fields: Buffer[]) => second(inPlace("LRN", bytes(118, ...fields)));
    const common = {
      type: "local-response-normalisation",
      name: "x",
      alphaDividedBySize: true,
      scope: "across",
    };
    const defaults = { ...common, size: 5, alpha: 1, beta: 0.75, k: 1 };
    expect(await norm()).to.deep.equal(defaults);
    expect(await second(inPlace("LRN"))).to.deep.equal(defaults);
    const constants = [integer(1, 3), floats(2, 9.99, 1e-4), floats(3, 0.7), floats(5, 1 / 3)];
    expect(await norm(...constants)).to.deep.equal({
      ...{ ...common, size: 3, alpha: 1e-4, beta: 0.7, k: 0.33333334 },
    });
  });

  it("takes ReLU, dropout and flatten", async () => {
    expect(await second(inPlace("ReLU"))).to.deep.equal({ type: "relu", name: "x" });
    expect(await second(inPlace("Dropout"))).to.deep.include({ rate: 0.5, scaling: "train" });
    expect(await second(inPlace("Dropout", bytes(108, floats(1, 0.3))))).to.deep.include({ rate: 0.3 });
    expect((await layersOf(inPlace("Flatten"))).map(({ name }) => name)).to.deep.equal([
      "conv",
      "x",
      "fc",
      "prob",
    ]);
  });

  it("gives what it adds another name where the file has it", async () => {
    const names = (await layersOf(netWith(chained("flatten", "ReLU", "conv", "conv")))).map(
      ({ name }) => name,
    );
    expect(names).to.deep.equal(["conv", "flatten", "flatten_2", "fc", "prob"]);
  });

  it("gives layers another name whose own no network may have, and their tensors with them", async () => {
    const called = (name: string) => chained(name, "ReLU", "conv", "conv");
    const blobs = [Buffer.concat([shape(2, 4560), data(...Array<number>(9120).fill(1))])];
    const product = layer({
      ...{ name: "fc/7", type: "InnerProduct", bottoms: ["conv"], tops: ["fc"], blobs },
      more: [bytes(117, integer(1, 2), integer(2, 0))],
    });
    const between = ["fc_7", "__proto__", "1/a.b", "a_b", "", "/"].map(called);
    const { network, tensors } = await loaded(net(input, conv(), ...between, product, prob));
    expect(network?.layers.map(({ name }) => name)).to.deep.equal([
      ...["conv", "fc_7", "proto__", "a_b_2", "a_b", "layer7", "layer8", "flatten", "fc_7_2", "prob"],
    ]);
    expect([...tensors.keys()]).to.deep.equal(["fc_7_2.weight"]);
  });

  it("passes over labels, copies, accuracy and losses", async () => {
    const silent = layer({ name: "quiet", type: "Silence", bottoms: ["label"] });
    const copies = layer({ name: "copies", type: "Split", bottoms: ["fc"], tops: ["fc_a", "fc_b", "fc_c"] });
    const accuracy = layer({ name: "right", type: "Accuracy", bottoms: ["fc_a", "label"], tops: ["right"] });
    const hinge = layer({ name: "hinge", type: "HingeLoss", bottoms: ["fc_b", "label"], tops: ["hinge"] });
    const top = layer({ name: "top", type: "ArgMax", bottoms: ["fc_c"], tops: ["top"] });
    const names = (await layersOf(net(input, silent, conv(), product, copies, accuracy, hinge, top))).map(
      ({ name }) => name,
    );
    expect(names).to.deep.equal(["conv", "flatten", "fc"]);
  });

  it("does not name a network after a published one that it is not", async () => {
    const named = async (name: string) =>
      (await loaded(Buffer.concat([netWith(), text(1, name)]))).network?.name;
    expect(await named("caffenet")).to.equal("caffenet-caffe");
    expect(await named("CaffeNet for 20 flowers")).to.equal("CaffeNet_for_20_flowers");
    expect(await named("")).to.equal("caffe");
  });

  const none: readonly [title: string, content: Buffer][] = [
    [
      "a layer has no type",
      net(input, layer({ name: "x", bottoms: ["data"], tops: ["conv"] }), product, prob),
    ],
    [
      "a convolution has no parameters",
      net(input, chained("conv", "Convolution", "data", "conv"), product, prob),
    ],
    ["nothing ends it", net(input, conv(), product)],
    ["nothing has sizes", net(input, chained("x", "Softmax", "data", "prob"))],
  ];
  for (const [title, content] of none)
    it(`has no network where ${title}`, async () => {
      expect(await loaded(content)).to.not.have.any.keys("network", "preprocessing");
    });

  const refused: readonly [title: string, content: Buffer, text: string][] = [
    ["a type that is not computed", inPlace("BatchNorm"), 'layer "x" is of type "BatchNorm"'],
    [
      "a type that no Caffe had",
      net(input, bytes(100, text(1, "x"), text(2, "\u0000"), text(3, "data"), text(4, "x")), conv(), product),
      'layer "x" is of type "\\u0000"',
    ],
    [
      "pooling at random",
      inPlace("Pooling", bytes(121, integer(1, 2), integer(2, 3))),
      'layer "x" pools by STOCHASTIC, not by MAX or AVE',
    ],
    [
      "pooling by -1",
      inPlace("Pooling", bytes(121, integer(1, -1), integer(2, 3))),
      'layer "x" pools by -1, not by MAX or AVE',
    ],
    [
      "a pooling that looks at nothing",
      inPlace("Pooling", bytes(121, integer(2, 2), integer(3, 3))),
      'layer "x" has windows that start behind the map',
    ],
    [
      "global pooling",
      inPlace("Pooling", bytes(121, integer(12, 1))),
      'layer "x" has global_pooling true, not false',
    ],
    [
      "a pooling with padding of one axis alone",
      inPlace("Pooling", bytes(121, integer(2, 3), integer(9, 1))),
      'layer "x" has one of pad_h and pad_w, of which Caffe wants both or neither in a pooling',
    ],
    [
      "a pooling with padding of both kinds",
      inPlace("Pooling", bytes(121, integer(2, 3), integer(4, 1), integer(9, 1), integer(10, 1))),
      'layer "x" has both pad and pad_h',
    ],
    [
      "a convolution with padding of both kinds",
      net(input, conv(integer(4, 3), integer(3, 1), integer(10, 1)), product, prob),
      'layer "conv" has both pad and pad_w',
    ],
    [
      "a convolution with kernels of both kinds",
      net(input, conv(integer(4, 3), integer(11, 3), integer(12, 3)), product, prob),
      'layer "conv" has both kernel_size and kernel_h',
    ],
    [
      "a convolution with strides of both kinds",
      net(input, conv(integer(4, 3), integer(6, 1), integer(14, 2)), product, prob),
      'layer "conv" has both stride and stride_w',
    ],
    ["LRN within channels", inPlace("LRN", bytes(118, integer(4, 1))), 'layer "x" has norm_region 1, not 0'],
    ["leaking ReLU", inPlace("ReLU", bytes(123, floats(1, 0.1))), 'layer "x" has negative_slope 0.1, not 0'],
    [
      "dilation",
      net(input, conv(integer(4, 3), integer(18, 2)), product, prob),
      'layer "conv" has dilation 2, not 1',
    ],
    [
      "a convolution along another axis",
      net(input, conv(integer(4, 3), integer(16, 2)), product, prob),
      'layer "conv" has axis 2, not 1',
    ],
    [
      "a convolution of three axes",
      net(input, conv(integers(4, 3, 3, 3)), product, prob),
      'layer "conv" has sizes of 3 axes, not 2',
    ],
    [
      "an inner product along another axis",
      net(
        input,
        conv(),
        chained("fc", "InnerProduct", "conv", "fc", bytes(117, integer(1, 2), integer(5, 2))),
        prob,
      ),
      'layer "fc" has axis 2, not 1',
    ],
    [
      "softmax along another axis",
      net(input, conv(), product, chained("prob", "Softmax", "fc", "prob", bytes(125, integer(2, 2)))),
      'layer "prob" has axis 2, not 1',
    ],
    [
      "flatten up to another axis",
      inPlace("Flatten", bytes(135, integer(2, 2))),
      'layer "x" has end_axis 2, not -1',
    ],
    [
      "a branch",
      netWith(chained("x", "ReLU", "data", "y")),
      'layer "x" reads "data" and makes "y"; it must read "conv" alone',
    ],
    [
      "a sum",
      netWith(layer({ name: "x", type: "Eltwise", bottoms: ["conv", "data"], tops: ["conv"] })),
      'layer "x" reads "conv", "data" and makes "conv"; it must read "conv" alone',
    ],
    [
      "a layer that reads nothing",
      netWith(layer({ name: "x", type: "ReLU" })),
      'layer "x" reads nothing and makes nothing; it must read "conv" alone',
    ],
  ];
  for (const [title, content, message] of refused)
    it(`refuses ${title}`, () => refuses(content, `FILE: ${message}${computed}`));

  const impossible: readonly [title: string, content: Buffer, text: string][] = [
    [
      "a stride of 0",
      net(input, conv(integer(4, 3), integer(6, 0)), product, prob),
      "conv: stride is 0; it must be a whole number from 1 to 1048576, or [height, width]",
    ],
    [
      "no kernel",
      net(input, conv(integer(6, 1)), product, prob),
      "conv: kernel is nothing; it must be a whole number from 1 to 1048576, or [height, width]",
    ],
    [
      "a kernel larger than the input",
      net(input, conv(integer(4, 33)), product, prob),
      "conv: kernel height 33 is greater than input + padding 32; use a larger input or padding",
    ],
    [
      "an output of -1",
      net(input, conv(integer(4, 3), integer(1, -1)), product, prob),
      "conv: outChannels is -1; it must be a whole number from 1 to 1048576",
    ],
    [
      "dropout of everything",
      inPlace("Dropout", bytes(108, floats(1, 1))),
      "x: rate is 1; it must be a number from 0 up to, but not including, 1",
    ],
    [
      "two layers of one name",
      netWith(chained("conv", "ReLU", "conv", "conv")),
      "conv: name is used by two layers; every layer needs a name of its own; rename one",
    ],
  ];
  for (const [title, content, message] of impossible)
    it(`refuses ${title}`, () =>
      refuses(
        content,
        `FILE: its layers make no network: ${message}; use weights of a network that can be computed`,
      ));

  it("names tensors that the layers do not want, and those that they miss", async () => {
    const extra = layer({ name: "extra", blobs: [Buffer.concat([shape(1), data(1)])], type: "Silence" });
    await withFile(net(input, extra, conv(), product, prob), async (path) => {
      const weights = await loadWeights(path);
      await expectError(
        () => resolveNetwork(weights),
        "WEIGHTS_MISMATCH",
        "FILE: does not fit net: conv.weight is missing ([4, 3, 3, 3]); conv.bias is missing ([4]);" +
          " fc.weight is missing ([2, 4560]); fc.bias is missing ([2]); extra.blobs.0 [1] is unknown;" +
          " choose another --model (`network`) or file",
        path,
      );
    });
  });
});

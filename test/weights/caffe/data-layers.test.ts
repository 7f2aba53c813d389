/** What the reader takes from a net about its images. */
import { expect } from "chai";
import { loadWeights } from "../../../lib/weights/index.js";
import { PREPROCESSING } from "../../../lib/network/preprocessing.js";
import { conv, data, input, layer, net, prob, product, shape } from "../helpers/caffe.js";
import { expectError, withFile } from "../helpers/files.js";
import { bytes, floats, integer, integers, packed, text } from "../helpers/proto.js";

const damaged = "; the file is damaged, get it again";
const loaded = (content: Buffer) => withFile(content, (path) => loadWeights(path));
const refuses = (content: Buffer, message: string | RegExp): Promise<void> =>
  withFile(content, (path) => expectError(loadWeights(path), "WEIGHTS_INVALID", message, path));

/** A net that names its inputs itself. */
const named = (names: readonly string[], ...more: Buffer[]): Buffer =>
  Buffer.concat([net(conv(), product, prob), ...names.map((name) => text(3, name)), ...more]);

/** A net whose Input layer has several tops. */
const tops = (names: readonly string[], ...shapes: (readonly number[])[]): Buffer => {
  const more = [bytes(143, ...shapes.map((sizes) => bytes(1, integers(1, ...sizes))))];
  return net(layer({ name: "in", type: "Input", tops: names, more }), conv(), product, prob);
};

describe("images of Caffe nets", () => {
  const sizes: readonly [title: string, content: Buffer, input: number[] | undefined][] = [
    ["an Input layer", net(input, conv(), product, prob), [3, 32, 40]],
    [
      "input and input_dim",
      Buffer.concat([net(conv(), product, prob), text(3, "data"), integers(4, 9, 1, 20, 24)]),
      [1, 20, 24],
    ],
    [
      "the first four of input_dim",
      named(["data", "label"], integers(4, 9, 1, 20, 24, 9, 1, 1, 1)),
      [1, 20, 24],
    ],
    ["input and input_shape", named(["data"], bytes(8, integers(1, 9, 1, 20, 24))), [1, 20, 24]],
    [
      "the first input_shape",
      named(["data", "label"], bytes(8, integers(1, 9, 1, 20, 24)), bytes(8, integers(1, 9))),
      [1, 20, 24],
    ],
    [
      "the input_shape of the input that the layers read",
      named(["label", "data"], bytes(8, integers(1, 9, 1, 7, 7)), bytes(8, integers(1, 9, 1, 20, 24))),
      [1, 20, 24],
    ],
    ["an input_shape of two axes", named(["data"], bytes(8, integers(1, 9, 24))), undefined],
    ["an input_shape of five axes", named(["data"], bytes(8, integers(1, 9, 1, 20, 24, 7))), undefined],
    [
      "the shape of its top among an Input layer's",
      tops(["label", "data"], [9, 1, 7, 7], [9, 1, 20, 24]),
      [1, 20, 24],
    ],
    ["the shape of all tops of an Input layer", tops(["label", "data"], [9, 1, 20, 24]), [1, 20, 24]],
    [
      "the Input layer that the layers read",
      net(
        layer({ type: "Input", tops: ["label"], more: [bytes(143, bytes(1, integers(1, 1, 3, 7, 7)))] }),
        input,
        conv(),
        product,
        prob,
      ),
      [3, 32, 40],
    ],
    [
      "a crop",
      net(layer({ type: "Data", tops: ["data"], more: [bytes(100, integer(3, 20))] }), conv(), product, prob),
      [3, 20, 20],
    ],
    [
      "a crop among older settings",
      net(
        layer({ type: "ImageData", tops: ["data"], more: [bytes(115, integer(5, 20))] }),
        conv(),
        product,
        prob,
      ),
      [3, 20, 20],
    ],
    [
      "data in memory",
      net(
        layer({
          type: "MemoryData",
          tops: ["data"],
          more: [bytes(119, integer(2, 2), integer(3, 20), integer(4, 24))],
        }),
        conv(),
        product,
        prob,
      ),
      [2, 20, 24],
    ],
    ["nothing", net(layer({ type: "Data", tops: ["data"] }), conv(), product, prob), undefined],
  ];
  for (const [title, content, wanted] of sizes)
    it(`has the input's size from ${title}`, async () => {
      expect((await loaded(content)).network?.input).to.deep.equal(wanted);
    });

  it("has as many channels as the first convolution reads, where only a crop is told", async () => {
    const gray = layer({ type: "Data", tops: ["data"], more: [bytes(100, integer(3, 20))] });
    const weights = [Buffer.concat([shape(4, 1, 1, 1), data(1, 2, 3, 4)])];
    const first = layer({
      ...{ name: "conv", type: "Convolution", bottoms: ["data"], tops: ["conv"], blobs: weights },
      more: [bytes(106, integer(1, 4), integer(4, 1))],
    });
    expect((await loaded(net(gray, first, product, prob))).network?.input).to.deep.equal([1, 20, 20]);
  });

  const shaped = bytes(8, integers(1, 9, 1, 20, 24));
  const refused: readonly [title: string, content: Buffer, message: string][] = [
    [
      "input_shape beside input_dim",
      named(["data"], shaped, integers(4, 9, 1, 20, 24)),
      "the net has both `input_shape` and `input_dim`, of which Caffe reads one kind; save it again with Caffe",
    ],
    [
      "more shapes than inputs",
      named(["data"], shaped, shaped),
      "the net: `input_shape` has a length of 2; it must be 1, 1 for each `input`" + damaged,
    ],
    [
      "shapes without inputs",
      named([], shaped),
      "the net: `input_shape` has a length of 1; it must be 0, 1 for each `input`" + damaged,
    ],
    [
      "three numbers of an input",
      named(["data"], integers(4, 1, 20, 24)),
      "the net: `input_dim` has a length of 3; it must be 4, 4 for each `input`" + damaged,
    ],
    [
      "two shapes of three tops",
      tops(["data", "label", "more"], [9, 1, 20, 24], [9]),
      'layer "in": its shapes are 2 for 3 tops; there must be one for all or one for each' + damaged,
    ],
  ];
  for (const [title, content, message] of refused)
    it(`refuses ${title}`, () => refuses(content, `FILE: ${message}`));

  const { caffenet } = PREPROCESSING;
  const prepared = async (...more: Buffer[]) => {
    const images = layer({ type: "Data", tops: ["data"], more: [...more, bytes(107, integer(5, 20))] });
    return (await loaded(net(images, conv(), product, prob))).preprocessing;
  };
  it("has Caffe's recipe, with the scale and the mean that the net has", async () => {
    expect((await loaded(net(input, conv(), product, prob))).preprocessing).to.equal(caffenet);
    expect(await prepared(bytes(100, text(4, "mean.binaryproto")))).to.equal(caffenet);
    expect(await prepared(bytes(107, text(3, "mean.binaryproto")))).to.equal(caffenet);
    expect(await prepared()).to.deep.equal({ ...caffenet, mean: [0, 0, 0] });
    expect(await prepared(bytes(100, floats(5, 5)))).to.deep.equal({ ...caffenet, mean: [5, 5, 5] });
    expect(await prepared(bytes(100, packed(5, 1, 2, 3), floats(1, 2)))).to.deep.equal({
      ...{ ...caffenet, scale: 2, mean: [2, 4, 6] },
    });
    expect(await prepared(bytes(107, floats(2, 2), text(3, "mean")))).to.deep.equal({
      ...{ ...caffenet, scale: 2, mean: caffenet.mean.map((value) => 2 * value) },
    });
  });

  it("refuses a scale or a mean that is no number", async () => {
    const with_ = (...more: Buffer[]) =>
      net(
        layer({ name: "d", type: "Data", tops: ["data"], more: [bytes(100, integer(3, 20), ...more)] }),
        conv(),
        product,
        prob,
      );
    const text = (scale: string, mean: string) =>
      `FILE: layer "d": its scale and mean_value are ${scale} and [${mean}]; they must be finite, the scale above 0${damaged}`;
    await refuses(with_(floats(1, 0)), text("0", ""));
    await refuses(with_(floats(1, NaN)), text("NaN", ""));
    await refuses(with_(floats(5, 1, Infinity)), text("1", "1, Infinity"));
    await refuses(
      with_(floats(5, 1, 2, 3, 4)),
      /field 5 at byte \d+ has 4 floats; it must be whole ones, at most 3; /,
    );
  });
});

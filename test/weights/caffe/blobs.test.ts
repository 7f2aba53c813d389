import { expect } from "chai";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { parametersOf } from "../../../lib/network/parameters.js";
import { PREPROCESSING } from "../../../lib/network/preprocessing.js";
import { networkByName } from "../../../lib/network/variants.js";
import { loadWeights, resolveNetwork } from "../../../lib/weights/index.js";
import { data, dims, layer, net, shape } from "../helpers/caffe.js";
import { countOf, expectError, inFolder, readAll, withFile } from "../helpers/files.js";
import {
  bytes,
  claimed,
  doubles,
  floats,
  integer,
  packedDoubles,
  tag,
  text,
  varint,
} from "../helpers/proto.js";

const damaged = "; the file is damaged, get it again";
const untyped = (...blobs: Buffer[]): Buffer => net(layer({ name: "a", blobs }));

/** Values and shapes of the tensors of a net. */
const tensorsOf = (content: Buffer): Promise<Record<string, [shape: readonly number[], values: number[]]>> =>
  withFile(content, async (path) => {
    const weights = await loadWeights(path);
    const values = await readAll(weights);
    return Object.fromEntries(
      [...weights.tensors.values()].map((tensor) => [
        tensor.name,
        [tensor.shape, [...(values.get(tensor.name) ?? [])]],
      ]),
    );
  });

const refuses = (content: Buffer, message: string): Promise<void> =>
  withFile(content, (path) => expectError(loadWeights(path), "WEIGHTS_INVALID", message, path));

describe("Caffe's blobs", () => {
  const shapes: readonly [title: string, blob: Buffer, shape: number[]][] = [
    ["a shape", shape(2, 1), [2, 1]],
    ["dimensions, though a shape is there too", Buffer.concat([shape(9), dims(2, 1, 1, 1)]), [2, 1, 1, 1]],
    ["dimensions in any order, the last of each", Buffer.concat([integer(4, 9), dims(1, 1, 1, 2)]), [1, 2]],
    ["dimensions of one output", dims(1, 1, 1, 2), [1, 2]],
    ["a shape whose dimensions have tags of their own", bytes(7, integer(1, 1), integer(1, 2)), [1, 2]],
    ["a shape in two parts", Buffer.concat([shape(1), shape(2)]), [1, 2]],
  ];
  for (const [title, blob, wanted] of shapes)
    it(`takes ${title}`, async () => {
      expect(await tensorsOf(untyped(Buffer.concat([blob, data(1, 2)])))).to.deep.equal({
        "a.weight": [wanted, [1, 2]],
      });
    });

  it("takes the axes of one off a bias and off the weights of an inner product, as their layers tell", async () => {
    const two = (...sizes: number[]) => Buffer.concat([dims(...sizes), data(1, 2)]);
    const layers = ["InnerProduct", "Convolution", "Scale"].map((type) =>
      layer({ name: type, type, blobs: [two(1, 1, 2, 1), two(1, 1, 1, 2), two(1, 1, 1, 2)] }),
    );
    expect(await tensorsOf(net(...layers))).to.deep.equal({
      "InnerProduct.weight": [
        [2, 1],
        [1, 2],
      ],
      "InnerProduct.bias": [[2], [1, 2]],
      "InnerProduct.blobs.2": [
        [1, 1, 1, 2],
        [1, 2],
      ],
      "Convolution.weight": [
        [1, 1, 2, 1],
        [1, 2],
      ],
      "Convolution.bias": [[2], [1, 2]],
      "Convolution.blobs.2": [
        [1, 1, 1, 2],
        [1, 2],
      ],
      "Scale.blobs.0": [
        [1, 1, 2, 1],
        [1, 2],
      ],
      "Scale.blobs.1": [
        [1, 1, 1, 2],
        [1, 2],
      ],
      "Scale.blobs.2": [
        [1, 1, 1, 2],
        [1, 2],
      ],
    });
  });

  const numbers: readonly [title: string, field: Buffer][] = [
    ["packed floats", data(1, -2, 3.5)],
    ["packed floats in three chunks, one empty", Buffer.concat([data(1), data(), data(-2, 3.5)])],
    ["floats with tags of their own", floats(5, 1, -2, 3.5)],
    ["floats with tags among packed ones", Buffer.concat([floats(5, 1), data(-2), floats(5, 3.5)])],
    [
      "floats with other fields among them",
      Buffer.concat([floats(5, 1), integer(99, 1), floats(5, -2, 3.5)]),
    ],
    [
      "floats whose tag takes three bytes",
      Buffer.concat(
        [1, -2, 3.5].map((value) => {
          const four = Buffer.alloc(4);
          four.writeFloatLE(value);
          return Buffer.concat([varint((5 << 3) | 5, 3), four]);
        }),
      ),
    ],
    ["packed doubles", packedDoubles(8, 1, -2, 3.5)],
    ["doubles with tags of their own", doubles(8, 1, -2, 3.5)],
    [
      "doubles, though floats are there too",
      Buffer.concat([data(7), packedDoubles(8, 1, -2), doubles(8, 3.5)]),
    ],
    [
      "floats, though differences are there too",
      Buffer.concat([data(1, -2, 3.5), bytes(6, Buffer.alloc(9)), bytes(9)]),
    ],
  ];
  for (const [title, field] of numbers)
    it(`takes ${title}`, async () => {
      expect(await tensorsOf(untyped(Buffer.concat([shape(3), field])))).to.deep.equal({
        "a.weight": [[3], [1, -2, 3.5]],
      });
    });

  it("reads any part of a tensor in many runs, more than it converts at a time", async () => {
    const values = Float32Array.from({ length: 500_000 }, (_, i) => i % 1000);
    const third = (from: number, to: number) => values.subarray(from, to);
    const runs = Buffer.concat([
      floats(5, ...third(0, 1000)),
      data(...third(1000, 1001)),
      bytes(5, Buffer.from(third(1001, 100_001).buffer, 4 * 1001, 4 * 99_000)),
      ...[100_001, 300_001].map((from) => {
        const part = third(from, Math.min(from + 200_000, values.length));
        const out = Buffer.alloc(part.length * 5);
        part.forEach((value, i) => {
          out[i * 5] = 0x2d; // the tag of a float in field 5
          out.writeFloatLE(value, i * 5 + 1);
        });
        return out;
      }),
    ]);
    await withFile(untyped(Buffer.concat([shape(500, 1000), runs])), async (path) => {
      const weights = await loadWeights(path);
      expect((await readAll(weights)).get("a.weight")).to.deep.equal(values);
      await weights.stream(async (read) => {
        for (const [start, length] of [
          [999, 1],
          [999, 3],
          [1000, 1],
          [100_000, 2],
          [299_990, 100_000],
          [5, 0],
        ]) {
          const out = new Float32Array(length);
          await read("a.weight", start, out);
          expect(out).to.deep.equal(values.slice(start, start + length));
        }
      });
    });
  });

  it("keeps layers of any name under one that a network may have, those of PyTorch's AlexNet under its own", async () => {
    const blobs = [Buffer.concat([shape(1), data(1)])];
    const layers = ["__proto__", "a/b", "features.0", "classifier.6"].map((name) => layer({ name, blobs }));
    await withFile(net(...layers), async (path) => {
      const names = [...(await loadWeights(path)).tensors.keys()];
      expect(names).to.deep.equal(["proto__.weight", "a_b.weight", "conv1.weight", "fc8.weight"]);
    });
  });

  it("says which value is not finite, and where", () =>
    withFile(untyped(Buffer.concat([shape(3), floats(5, 1, 2, Infinity)])), async (path) => {
      const weights = await loadWeights(path);
      await expectError(
        readAll(weights),
        "WEIGHTS_INVALID",
        'FILE: tensor "a.weight": element 2 is Infinity; every value must be finite as float32;' +
          " training diverged or the file is damaged",
        path,
      );
    }));

  const at = 'FILE: layer "a": blob 0';
  const wrong: readonly [title: string, blob: Buffer, text: string][] = [
    ["no dimensions", data(1), `${at}: its dimensions are missing`],
    [
      "a dimension of 0",
      Buffer.concat([shape(2, 0), data()]),
      `${at}: its dimensions are 2 x 0; each must be a whole number from 1`,
    ],
    [
      "a dimension that is left out",
      Buffer.concat([integer(4, 2), data(1, 2)]),
      `${at}: its dimensions are 0 x 0 x 0 x 2; each must be a whole number from 1`,
    ],
    [
      "a negative dimension",
      Buffer.concat([shape(-2, -1), data(1, 2)]),
      `${at}: its dimensions are -2 x -1; each must be a whole number from 1`,
    ],
    [
      "a product past 2^31",
      Buffer.concat([shape(65_536, 65_536), data(1)]),
      `${at}: its dimensions are 65536 x 65536, more than 2147483647 elements together`,
    ],
    [
      "a product past 2^53",
      Buffer.concat([shape(2 ** 52, 2 ** 52, 2 ** 52), data(1)]),
      `${at}: its dimensions are 4503599627370496 x 4503599627370496 x 4503599627370496, more than 2147483647 elements together`,
    ],
    [
      "a dimension past 2^53",
      Buffer.concat([shape(2n ** 62n), data(1)]),
      `${at}: shape: field 1 at byte 15 is 4611686018427387904, past 2^53`,
    ],
    [
      "too little data",
      Buffer.concat([shape(3), data(1, 2)]),
      `${at}: its data has 2 numbers; it must be 3, as its dimensions 3 say`,
    ],
    [
      "too much data",
      Buffer.concat([dims(1, 1, 1, 1), data(1, 2)]),
      `${at}: its data has 2 numbers; it must be 1, as its dimensions 1 x 1 x 1 x 1 say`,
    ],
    ["no data", shape(1), `${at}: its data has 0 numbers; it must be 1, as its dimensions 1 say`],
    [
      "half a float",
      Buffer.concat([shape(1), bytes(5, Buffer.alloc(6))]),
      `${at}: field 5 at byte 18 has 6 bytes; it must be a multiple of 4`,
    ],
    [
      "half a double",
      Buffer.concat([shape(1), bytes(8, Buffer.alloc(12))]),
      `${at}: field 8 at byte 18 has 12 bytes; it must be a multiple of 8`,
    ],
    [
      "a varint as data",
      Buffer.concat([shape(1), integer(5, 1)]),
      `${at}: field 5 at byte 18 is a varint; it must be bytes or 4 bytes`,
    ],
    [
      "33 axes",
      Buffer.concat([shape(...Array.from({ length: 33 }, () => 1)), data(1)]),
      `${at}: shape, the field at byte 15 has 33 numbers, more than 32`,
    ],
    [
      "data that claims more than there is",
      Buffer.concat([shape(1), claimed(5, 2 ** 40, Buffer.alloc(4))]),
      `${at}, the field at byte 18 says 1099511627776 bytes, 4 are left`,
    ],
    [
      "a group",
      Buffer.concat([shape(1), tag(5, 3), tag(5, 4)]),
      `${at}, the field at byte 18 has wire type 3; it must be 0, 1, 2 or 5`,
    ],
  ];
  for (const [title, blob, message] of wrong)
    it(`refuses ${title}`, () => refuses(untyped(blob), message + damaged));

  const one = Buffer.concat([shape(1), data(1)]);
  it("refuses two layers of one name that both have numbers", () =>
    refuses(
      net(layer({ name: "a", blobs: [one] }), layer({ name: "a", blobs: [one] })),
      'FILE: tensor "a.weight" is there twice; names must differ; remove or rename one',
    ));

  it("refuses transposed weights", () =>
    refuses(
      net(layer({ name: "a", type: "InnerProduct", blobs: [one], more: [bytes(117, integer(6, 1))] })),
      'FILE: layer "a" has transposed weights; only convolution, max and average pooling, LRN across channels, inner product, ReLU,' +
        " dropout, flatten and softmax, one after the other, can be computed; use weights of such a network",
    ));

  it("refuses more blobs, layers and names than nets have", async () => {
    await refuses(
      untyped(...Array.from({ length: 17 }, () => one)),
      `FILE: layer "a": blobs are 17; there must be at most 16${damaged}`,
    );
    await refuses(
      net(...Array.from({ length: 1025 }, () => layer({ name: "a" }))),
      `FILE: the net: its layers are 1025; there must be from 1 to 1024${damaged}`,
    );
    await refuses(
      net(layer({ name: "a", bottoms: Array.from({ length: 1025 }, () => "") })),
      'FILE: layer "a" has field 3 1025 times, more than 1024; give a file of one network',
    );
    const long = "x".repeat(4097);
    await refuses(
      net(layer({ name: long })),
      "FILE: layer 1: field 1 at byte 9 has 4097 bytes, more than 4096; give a file of weights alone",
    );
  });

  it("refuses a name that is not UTF-8", () =>
    refuses(
      net(bytes(100, bytes(1, Buffer.of(0xff)))),
      `FILE: layer 1: field 1 at byte 8 is not UTF-8${damaged}`,
    ));

  it("asks for the model where a file of full size has names and numbers alone", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      const file = await open(path, "w");
      // a file with holes: 244 MB of zeros that no disk holds
      let end = 0;
      const write = async (head: Buffer, hole: number) => {
        await file.write(head, 0, head.length, end);
        end += head.length + hole;
      };
      const length = (number: number, size: number) => Buffer.concat([tag(number, 2), varint(size)]);
      const parameters = parametersOf(networkByName("caffenet"));
      const sizeOf = (index: number) => {
        const { shape: sizes } = parameters[index];
        const legacy = [...Array.from({ length: 4 - sizes.length }, () => 1), ...sizes];
        const floats = 4 * countOf(sizes);
        const head = Buffer.concat([dims(...legacy), length(5, floats)]);
        return { head, floats, whole: head.length + floats };
      };
      await write(text(1, "net"), 0);
      for (let index = 0; index < parameters.length; index += 2) {
        const name = text(4, parameters[index].layer);
        const blobs = [sizeOf(index), sizeOf(index + 1)].map((blob) => ({
          ...blob,
          tag: length(6, blob.whole),
        }));
        const whole = blobs.reduce((sum, blob) => sum + blob.tag.length + blob.whole, name.length);
        await write(Buffer.concat([length(2, whole), name]), 0);
        for (const blob of blobs) await write(Buffer.concat([blob.tag, blob.head]), blob.floats);
      }
      await file.truncate(end);
      await file.close();
      const weights = await loadWeights(path);
      await expectError(
        () => resolveNetwork(weights),
        "WEIGHTS_AMBIGUOUS",
        "FILE: its tensors fit alexnet2012, caffenet, bvlc-alexnet alike, and their results differ;" +
          " say which with --model (`network`)",
        path,
      );
      expect(resolveNetwork(weights, "caffenet").preprocessing).to.equal(PREPROCESSING.caffenet);
    }));
});

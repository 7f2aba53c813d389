/** The files that NumPy wrote, and what is told of them. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { networks } from "../../lib/network/variants.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { loadWeights, resolveNetwork } from "../../lib/weights/index.js";
import { layerName } from "../../lib/weights/names.js";
import { expectedOf, expectError, fixture, inFolder, readAll, withFile } from "./helpers/files.js";
import { arrayPickle, byteString, layersNpy } from "./helpers/numpy.js";

const savez = "; save the arrays with np.savez, named LAYER.weight and LAYER.bias";

describe("NumPy files", () => {
  const golden: readonly [name: string, format: string][] = [
    ["numpy-layers2.npy", "npy"],
    ["numpy-layers3.npy", "npy"],
    ["numpy-python2.npy", "npy"],
    ["numpy-dtypes.npy", "npy"],
    ["numpy-stored.npz", "npz"],
    ["numpy-packed.npz", "npz"],
  ];
  for (const [file, format] of golden)
    it(`reads ${file} as NumPy does, in the logical layout, whole and in odd pieces`, async () => {
      const expected = Object.entries(await expectedOf(file));
      const weights = await loadWeights(fixture(file));
      expect(weights.format).to.equal(format);
      expect([...weights.tensors.keys()]).to.deep.equal(expected.map(([key]) => layerName(key)));
      for (const step of [3, 7, Infinity]) {
        const values = await readAll(weights, step);
        for (const [key, { shape, dtype, values: wanted }] of expected) {
          const name = layerName(key);
          expect(weights.tensors.get(name)).to.deep.equal({ name, shape, dtype });
          expect([...(values.get(name) ?? [])], name).to.deep.equal(wanted);
        }
      }
    });

  it("asks which network a file of bvlc_alexnet.npy's shapes is for, and does not guess", () =>
    inFolder(async (folder) => {
      const path = join(folder, "bvlc_alexnet.npy");
      await writeFullSize(path);
      const weights = await loadWeights(path);
      expect([weights.network, weights.preprocessing]).to.deep.equal([undefined, undefined]);
      const wanted = parametersOf(networks.caffenet()).map(({ name, shape }) => [name, [...shape]]);
      expect([...weights.tensors.values()].map(({ name, shape }) => [name, shape])).to.deep.equal(wanted);
      await expectError(
        () => resolveNetwork(weights),
        "WEIGHTS_AMBIGUOUS",
        "FILE: its tensors fit alexnet2012, caffenet, bvlc-alexnet alike, and their results differ;" +
          " say which with --model (`network`)",
        path,
      );
      const asked = await loadWeights(path, { model: "bvlc-alexnet" });
      expect(asked.network?.name).to.equal("bvlc-alexnet");
      expect(asked.preprocessing?.channels).to.equal("BGR");
    }));

  const fixtures: readonly [name: string, text: string][] = [
    ["numpy-single.npy", `FILE: the file holds one array of "<f4", no layers${savez}`],
    [
      "numpy-nested.npy",
      'FILE: layer "fc7" is a dict of 2, not [weights, biases]; save {layer: [weights, biases]}, or the arrays with np.savez',
    ],
    [
      "numpy-int64.npz",
      'FILE: tensor "a": dtype is "<i8"; it must be one of <f4, <f8, <f2; convert it to F32',
    ],
    [
      "numpy-big-endian.npz",
      'FILE: tensor "a": dtype is ">f4"; it must be one of <f4, <f8, <f2; convert it to F32',
    ],
  ];
  for (const [name, text] of fixtures)
    it(`refuses ${name}`, () =>
      expectError(loadWeights(fixture(name)), "WEIGHTS_INVALID", text, fixture(name)));

  it("refuses NaN while streaming", async () => {
    const path = fixture("numpy-nan.npz");
    await expectError(
      readAll(await loadWeights(path)),
      "WEIGHTS_INVALID",
      'FILE: tensor "a": element 1 is NaN; every value must be finite as float32; training diverged or the file is damaged',
      path,
    );
  });

  it("gives __proto__ no meaning", () =>
    withFile(layersNpy(["__proto__", arrayPickle({ shape: [1, 2] }), arrayPickle()]), async (path) => {
      const weights = await loadWeights(path);
      expect([...weights.tensors.keys()]).to.deep.equal(["__proto__.weight", "__proto__.bias"]);
      expect([...((await readAll(weights)).get("__proto__.weight") ?? [])]).to.deep.equal([1, 2]);
    }));
});

/** The layers of bvlc_alexnet.npy, whose numbers are holes of the file. */
async function writeFullSize(path: string): Promise<void> {
  const layers: readonly [name: string, ...shape: number[]][] = [
    ["conv1", 11, 11, 3, 96],
    ["conv2", 5, 5, 48, 256],
    ["conv3", 3, 3, 256, 384],
    ["conv4", 3, 3, 192, 384],
    ["conv5", 3, 3, 192, 256],
    ["fc6", 9216, 4096],
    ["fc7", 4096, 4096],
    ["fc8", 4096, 1000],
  ];
  const HOLE = Buffer.from("<a hole>");
  const sizes: number[] = [];
  const array = (shape: readonly number[]) => {
    const size = shape.reduce((product, axis) => product * axis, 4);
    sizes.push(size);
    return arrayPickle({ shape, raw: byteString(HOLE, size) });
  };
  const whole = layersNpy(
    ...layers.map(([name, ...shape]) => [name, array(shape), array(shape.slice(-1))] as const),
  );
  const file = await open(path, "w");
  let at = 0;
  for (let from = 0, part = 0; from < whole.length; part++) {
    const hole = whole.indexOf(HOLE, from);
    const end = hole < 0 ? whole.length : hole;
    await file.write(whole, from, end - from, at);
    at += end - from + (sizes[part] ?? 0);
    from = end + HOLE.length;
  }
  await file.close();
}

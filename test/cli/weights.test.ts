import { expect } from "chai";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { networks } from "../../lib/network/variants.js";
import { initWeights, loadWeights, saveWeights } from "../../lib/weights/index.js";
import { weightsFromTensors } from "../../lib/weights/memory.js";
import { LABELS, smallNetwork, smallWeights, withFolder } from "../scoring/small.js";
import { seededWeights } from "../seeded-weights.js";
import { readAll } from "../weights/helpers/files.js";
import { bytes, int, onnxBytes, tensorFields, text } from "../weights/helpers/onnx.js";
import { alexnet, start } from "./command.js";

/** Of the numbers whose lower 16 bits are 0, the two around a value are compared with it; of a tie, the even one is taken. */
function nearestBF16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const [below, above] = new Float32Array(
    Uint32Array.of(bits - (bits % 2 ** 16), bits - (bits % 2 ** 16) + 2 ** 16).buffer,
  );
  const [toBelow, toAbove] = [Math.abs(value - below), Math.abs(above - value)];
  if (toBelow === toAbove) return Math.floor(bits / 2 ** 16) % 2 === 0 ? below : above;
  return toBelow < toAbove ? below : above;
}

/** Of a safetensors file, without its header. */
const dataBytes = (file: Buffer): number => file.length - 8 - Number(file.readBigUInt64LE());

describe("alexnet init and convert", () => {
  it("init writes the library's weights of the seed, and says so on stderr", async () => {
    await withFolder(async (cwd) => {
      const args = ["init", "--model", "torchvision", "--seed", "7", "--out", "w.safetensors"];
      const { code, stdout, stderr } = await alexnet(args, { cwd });
      expect([code, stdout]).to.deep.equal([0, ""]);
      expect(stderr).to.equal("w.safetensors: torchvision, seed 7, 61,100,840 parameters\n");
      const weights = await loadWeights(`${cwd}/w.safetensors`);
      expect(weights.network).to.deep.equal(networks.torchvision());
      const sample = async (from: typeof weights) => {
        const values = new Float32Array(5000);
        await from.stream((read) => read("fc7.weight", 12345, values));
        return values;
      };
      expect(await sample(weights)).to.deep.equal(await sample(initWeights(networks.torchvision(), 7)));
    });
  });

  it("init that is interrupted leaves nothing behind and exits with 130", async () => {
    await withFolder(async (cwd) => {
      const { child, ended } = start(["init", "--model", "caffenet", "--seed", "1", "--out", "w"], { cwd });
      while (readdirSync(cwd).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill("SIGINT");
      const { code, stdout, stderr } = await ended;
      expect([code, stdout, readdirSync(cwd)]).to.deep.equal([130, "", []]);
      expect(stderr).to.equal(
        "alexnet: interrupted, taking the unfinished file away; once more to end at once\n",
      );
    });
  });

  it("convert writes the same tensors, and the network that it is told", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/in.safetensors`, smallWeights());
      const { code, stdout, stderr } = await alexnet(["convert", "in.safetensors", "out.safetensors"], {
        cwd,
      });
      expect([code, stdout]).to.deep.equal([0, ""]);
      expect(stderr).to.equal(
        "out.safetensors: 4 tensors, 2,015 parameters of in.safetensors (safetensors); small\n".replace(
          "7512",
          "7,512",
        ),
      );
      const hash = async (name: string) =>
        createHash("sha256")
          .update(await readFile(`${cwd}/${name}`))
          .digest("hex");
      expect(await hash("out.safetensors")).to.equal(await hash("in.safetensors"));
      const refused = await alexnet(["convert", "in.safetensors", "no", "--model", "caffenet"], { cwd });
      expect([refused.code, refused.stdout, existsSync(`${cwd}/no`)]).to.deep.equal([3, "", false]);
      expect(refused.stderr).to.match(
        /^alexnet: in.safetensors: does not fit caffenet: conv1.weight is \[8, 3, 5, 5\]/,
      );
    });
  });

  it("convert writes an ONNX model where the output ends in .onnx, and reads one back", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/in.safetensors`, smallWeights());
      const there = await alexnet(["convert", "in.safetensors", "model.ONNX"], { cwd });
      expect([there.code, there.stdout]).to.deep.equal([0, ""]);
      expect(there.stderr).to.match(/^model.ONNX: 4 tensors, .* of in.safetensors \(safetensors\); small\n$/);
      const back = await alexnet(["convert", "model.ONNX", "out.safetensors", "--external-data"], { cwd });
      expect(back.stderr).to.match(/ of model.ONNX \(onnx\); small\n$/);
      const bytes = await Promise.all(["in", "out"].map((name) => readFile(`${cwd}/${name}.safetensors`)));
      expect(bytes[1].equals(bytes[0])).to.equal(true);
    });
  });

  it("convert --dtype bf16 rounds every number, keeps what the file says, and halves its data", async () => {
    await withFolder(async (cwd) => {
      const weights = { ...smallWeights(), labels: LABELS };
      await saveWeights(`${cwd}/in.safetensors`, weights);
      const convert = ["convert", "in.safetensors", "half.safetensors", "--dtype", "bf16"];
      const { code, stdout, stderr } = await alexnet(convert, { cwd });
      expect([code, stdout]).to.deep.equal([0, ""]);
      expect(stderr).to.match(/^half.safetensors: 4 tensors, 2,015 parameters of in.safetensors /);
      const half = await loadWeights(`${cwd}/half.safetensors`);
      const { network, preprocessing, labels } = weights;
      expect(network).to.not.equal(undefined);
      expect([half.network, half.preprocessing, half.labels]).to.deep.equal([network, preprocessing, labels]);
      expect([...half.tensors.values()].map(({ dtype }) => dtype)).to.deep.equal(Array(4).fill("BF16"));
      const [values, rounded] = [await readAll(weights), await readAll(half)];
      expect([...rounded.keys()]).to.deep.equal([...values.keys()]);
      for (const [name, read] of rounded)
        expect(read, name).to.deep.equal(values.get(name)?.map(nearestBF16));
      const sizes = ["in", "half"].map((name) => dataBytes(readFileSync(`${cwd}/${name}.safetensors`)));
      expect(sizes).to.deep.equal([4 * 2015, 2 * 2015]);
    });
  });

  it("convert --dtype f32 writes what it writes without", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/in.safetensors`, smallWeights());
      await alexnet(["convert", "in.safetensors", "out.safetensors", "--dtype", "f32"], { cwd });
      const bytes = await Promise.all(["in", "out"].map((name) => readFile(`${cwd}/${name}.safetensors`)));
      expect(bytes[1].equals(bytes[0])).to.equal(true);
    });
  });

  it("convert --dtype bf16 refuses a number past the largest BF16, and leaves no file", async () => {
    await withFolder(async (cwd) => {
      const data = Float32Array.of(1, -3.4e38);
      await saveWeights(`${cwd}/in.safetensors`, weightsFromTensors({ w: { data, shape: [2] } }));
      const convert = ["convert", "in.safetensors", "out.safetensors", "--dtype", "bf16"];
      const { code, stderr } = await alexnet(convert, { cwd });
      expect([code, readdirSync(cwd)]).to.deep.equal([3, ["in.safetensors"]]);
      expect(stderr).to.equal(
        `alexnet: out.safetensors: tensor "w": element 1 is ${data[1]}, past the largest BF16; write it as F32\n`,
      );
    });
  });

  it("reads tensors in a file beside an ONNX model only with --external-data", async () => {
    await withFolder(async (cwd) => {
      const place = bytes(13, text(1, "location"), text(2, "w.bin"));
      const weight = bytes(5, tensorFields({ data: int(14, 1), more: place }));
      await writeFile(`${cwd}/m.onnx`, onnxBytes({ tensors: [weight] }));
      await writeFile(`${cwd}/w.bin`, Buffer.alloc(24));
      const convert = ["convert", "m.onnx", "out.safetensors"];
      const refused = await alexnet(convert, { cwd });
      expect([refused.code, existsSync(`${cwd}/out.safetensors`)]).to.deep.equal([3, false]);
      expect(refused.stderr).to.match(/its data lie in another file, .* allow it with --external-data/);
      expect((await alexnet([...convert, "--external-data"], { cwd })).code).to.equal(0);
      const summary = ["summary", "--weights", "m.onnx"];
      expect((await alexnet(summary, { cwd })).code).to.equal(3);
      expect((await alexnet([...summary, "--external-data"], { cwd })).code).to.equal(0);
    });
  });

  it("convert says that the network is not known", async () => {
    await withFolder(async (cwd) => {
      const { network, ...unnamed } = seededWeights(smallNetwork());
      expect(network?.name).to.equal("small");
      await saveWeights(`${cwd}/in.safetensors`, unnamed);
      const { code, stderr } = await alexnet(["convert", "in.safetensors", "out.safetensors"], { cwd });
      expect(code).to.equal(0);
      expect(stderr).to.match(/; its network is not known: say which with --model\n$/);
    });
  });
});

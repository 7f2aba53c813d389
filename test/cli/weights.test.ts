import { expect } from "chai";
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { networks } from "../../lib/network/variants.js";
import { initWeights, loadWeights, saveWeights } from "../../lib/weights/index.js";
import { smallNetwork, smallWeights, withFolder } from "../scoring/small.js";
import { seededWeights } from "../seeded-weights.js";
import { bytes, int, onnxBytes, tensorFields, text } from "../weights/helpers/onnx.js";
import { alexnet, start } from "./command.js";

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

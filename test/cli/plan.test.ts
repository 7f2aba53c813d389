import { expect } from "chai";
import type { PlanDescription } from "../../lib/plan/describe.js";
import { alexnet, linesOf } from "./command.js";

/** For the set wide by the rule, which is the same on every machine. */
const plan = (...more: string[]): Promise<string> =>
  planHere("--kernels", "wide", "--convolutions", "rule", ...more);

const planHere = async (...more: string[]): Promise<string> => {
  const { code, stdout, stderr } = await alexnet(["plan", ...more]);
  expect([code, stderr]).to.deep.equal([0, ""]);
  return stdout;
};

/** The lines from a title to the next empty one. */
function blockOf(text: string, title: string): string[] {
  const lines = linesOf(text);
  const from = lines.findIndex((line) => line.startsWith(title));
  const to = lines.indexOf("", from);
  return lines.slice(from, to < 0 ? undefined : to);
}

describe("alexnet plan", () => {
  it("shows who computes what, what crosses and the memory", async () => {
    const text = await plan("--threads", "2", "--batch", "13");
    expect(linesOf(text).slice(0, 2)).to.deep.equal([
      "caffenet: 2 towers on 2 workers, batch 13 in waves of 8 + 5, kernels wide (tile 6 x 16)",
      "the workers meet 12 times a batch, before the layers marked *",
    ]);
    const work = blockOf(text, "layer   ").map((line) =>
      line.replace(/ \(Winograd\)/, "").replace(/ {2,}/g, "  "),
    );
    // read by eye
    expect(work.slice(0, 9)).to.deep.equal([
      "layer  output  worker  tower  images  channels  rows",
      "input  *  227x227x3  0  0  0-3  0-2  0-226",
      "  1  0  4-7  0-2  0-226",
      "conv1 relu1  *  55x55x(2x48)  0  0  0-7  0-47  0-54",
      "  1  1  0-7  0-47  0-54",
      "pool1  27x27x(2x48)  0  0  0-7  0-47  0-26",
      "  1  1  0-7  0-47  0-26",
      "norm1  *  27x27x(2x48)  0  0  0-7  0-47  0-26",
      "  1  1  0-7  0-47  0-26",
    ]);
    expect(work.slice(-2)).to.deep.equal([
      "fc8 prob  *  2x500  0  0  0-12  0-499  0",
      "  1  1  0-12  0-499  0",
    ]);
    expect(blockOf(text, "bytes that cross")).to.deep.equal([
      "bytes that cross between the towers for one image",
      "layer    bytes",
      "input        0",
      "conv1        0",
      "pool1        0",
      "norm1   11,664",
      "conv2        0",
      "pool2        0",
      "norm2    2,704",
      "conv3  173,056",
      "conv4        0",
      "conv5        0",
      "pool5        0",
      "fc6     36,864",
      "fc7     16,384",
      "fc8     16,384",
      "total  257,056",
    ]);
    const memory = blockOf(text, "shared memory");
    expect(memory[2]).to.match(/^packed weights +\d+\.\d MB$/);
    expect(memory.at(-1)).to.match(/^total +\d+\.\d MB$/);
  });

  it("shows how each convolution is computed, and why", async () => {
    const reasons = async (...options: string[]) =>
      blockOf(await planHere(...options), "how convolutions").map((line) => line.replace(/ {2,}/g, "  "));
    const head = ["how convolutions are computed", "layer  algorithm  why"];
    const rule = (layer: string, percent: number) =>
      `${layer}  winograd  by the rule: Winograd needs ${percent} % of the multiplications`;
    expect(await reasons("--convolutions", "rule")).to.deep.equal([
      ...head,
      // 49 x 16 x 11 x 11 of 121 x 55 x 55, 49 x 9 x 9 of 25 x 27 x 27, 49 x 3 x 3 of 9 x 13 x 13
      ...[rule("conv1", 26), rule("conv2", 22), rule("conv3", 29), rule("conv4", 29), rule("conv5", 29)],
    ]);
    const forced = await reasons("--convolutions", "conv1=direct,conv4=winograd", "--kernels", "baseline");
    expect(forced[2]).to.equal("conv1  direct  as asked");
    expect(forced[5]).to.equal("conv4  winograd  as asked");
    for (const line of [forced[3], forced[4], forced[6]])
      expect(line).to.match(
        /^conv[235] {2}(direct|winograd) {2}measured: [\d.]+ ms, (direct|winograd) [\d.]+$/,
      );
  });

  it("shows where every region lies, a layer's towers in a line", async () => {
    const options = ["--threads", "2", "--batch", "13"];
    const [text, json] = await Promise.all([plan(...options), plan(...options, "--json")]);
    const { memory } = JSON.parse(json) as PlanDescription;
    const [title, head, ...lines] = blockOf(text, "where it lies");
    expect([title, head.split(/ {2,}/)]).to.deep.equal([
      "where it lies",
      ["region", "kind", "offset", "bytes"],
    ]);
    const number = (shown: string) => Number(shown.replaceAll(",", ""));
    const shown = lines.flatMap((line) => {
      const [name, kind, offset, bytes] = line.split(/ {2,}/);
      const [size, times = "1"] = bytes.split(" x ").reverse();
      return Array.from({ length: Number(times) }, () => ({
        name,
        kind,
        offset: number(offset),
        bytes: number(size),
      }));
    });
    const regions = memory.regions.filter(({ bytes }) => bytes > 0);
    expect(shown.map(({ kind, bytes }) => [kind, bytes])).to.deep.equal(
      regions.map(({ kind, bytes }) => [kind, bytes]),
    );
    expect(shown[0]).to.deep.equal({ name: "barrier", kind: "control", offset: 65536, bytes: 8 });
    const of = (wanted: string) => regions.find(({ name, kind }) => name === wanted && kind === "weights");
    const fc6 = shown.filter(({ name, kind }) => name === "fc6" && kind === "weights");
    expect(fc6.map(({ offset }) => offset)).to.deep.equal(Array(2).fill(of("fc6, tower 0")?.offset));
  });

  it("shows one worker with both towers, and more workers than there is work", async () => {
    const alone = await plan("--threads", "1", "--batch", "1", "--model", "alexnet2012");
    expect(blockOf(alone, "layer   ")[2]).to.match(
      /^conv1 relu1 \(Winograd\) +55x55x\(2x48\) +0 {2}0, 1 +0 +0-47 +0-54$/,
    );
    const crowd = await plan("--threads", "64", "--batch", "1", "--model", "torchvision");
    expect(crowd).to.match(/\n +\d+ +- +- +- +-\n/);
    expect(crowd).to.match(/\none tower: nothing crosses\n/);
  });

  it("marks the layers whose weights are kept as bfloat16, and shows what that saves", async () => {
    const [full, half] = await Promise.all(
      ["float32", "bfloat16"].map((type) => plan("--threads", "2", "--batch", "64", "--fc-weights", type)),
    );
    const marked = (text: string) =>
      linesOf(text).flatMap((line) => /^(.*) \(bfloat16\)/.exec(line)?.slice(1) ?? []);
    expect(marked(full)).to.deep.equal([]);
    expect(marked(half)).to.deep.equal(["fc6 relu6 drop6", "fc7 relu7 drop7", "fc8 prob"]);
    const megabytes = (text: string, what: string) =>
      Number(new RegExp(`^${what} +([\\d.]+) MB$`, "m").exec(text)?.[1]);
    // half of 58.7 million float32, both shown with one digit
    const saved = megabytes(full, "packed weights") - megabytes(half, "packed weights");
    const [fc6, fc7, fc8] = [9216 * 4096, 4096 * 4096, 4096 * 1024];
    expect(saved).to.be.closeTo((2 * (fc6 + fc7 + fc8)) / 1e6, 0.11);
    expect(megabytes(full, "expanded weights, by worker")).to.equal(0);
    expect(megabytes(half, "expanded weights, by worker")).to.be.closeTo((2 * 9216 * 16 * 4) / 1e6, 0.06);
  });

  it("writes the description as JSON", async () => {
    const json = JSON.parse(
      await planHere("--threads", "3", "--kernels", "baseline", "--json"),
    ) as PlanDescription;
    expect(Object.keys(json)).to.deep.equal([
      "model",
      "towers",
      "threads",
      "batch",
      "kernels",
      "waves",
      "layers",
      "crossing",
      "barriers",
      "memory",
    ]);
    expect([json.threads, json.batch, json.kernels.set]).to.deep.equal([3, 16, "baseline"]);
    expect(json.layers[7].cuts[0].workers).to.have.length(3);
    expect(json.layers[7].crossing).to.equal(173_056);
  });
});

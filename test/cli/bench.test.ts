import { expect } from "chai";
import type { RunInfo } from "../../lib/engine/run-info.js";
import { alexnet, linesOf } from "./command.js";

interface Result {
  readonly latencyMs: { readonly min: number; readonly p50: number; readonly p99: number };
  readonly imagesPerSecond: number;
  readonly gflops: number;
  readonly convolutions: RunInfo["convolutions"];
  readonly layers: { readonly name: string; readonly ms: number; readonly gflops: number }[];
}

const OPERATIONS = [
  "input",
  "conv1",
  "pool1",
  "conv2",
  "pool2",
  "conv3",
  "conv4",
  "conv5",
  "pool5",
  "fc6",
  "fc7",
  "fc8",
];

describe("alexnet bench", () => {
  it("bench writes its figures as JSON", async () => {
    const args =
      "bench --model torchvision --threads 1 --batch 2 --seconds 1 --kernels baseline --json".split(" ");
    const { code, stdout, stderr } = await alexnet(args);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const json = JSON.parse(stdout) as Result;
    const { imagesPerSecond, latencyMs, gflops, layers, convolutions, ...rest } = json;
    expect(Object.keys(convolutions)).to.deep.equal(["conv1", "conv2", "conv3", "conv4", "conv5"]);
    for (const { reason } of Object.values(convolutions)) expect(reason.kind).to.equal("measured");
    expect(Object.keys(json)).to.deep.equal([
      "model",
      "threads",
      "batch",
      "kernels",
      "fcWeights",
      "convolutions",
      "node",
      "imagesPerSecond",
      "latencyMs",
      "gflops",
      "layers",
    ]);
    const told = {
      ...{ model: "torchvision", threads: 1, batch: 2, kernels: "baseline" },
      ...{ fcWeights: "float32", node: process.version },
    };
    expect(rest).to.deep.equal(told);
    expect(Object.keys(latencyMs)).to.deep.equal(["min", "p50", "p99"]);
    expect(latencyMs.min).to.be.above(0).and.at.most(latencyMs.p50);
    expect(latencyMs.p50).to.be.at.most(latencyMs.p99);
    // both come from the same seconds, and torchvision's 714,188,480 multiply-adds
    expect(gflops / imagesPerSecond).to.be.closeTo((2 * 714_188_480) / 1e9, 1e-9);
    expect(layers.map(({ name }) => name)).to.deep.equal(OPERATIONS);
    for (const layer of layers) {
      expect(Object.keys(layer)).to.deep.equal(["name", "ms", "gflops"]);
      expect(layer.ms, layer.name).to.be.above(0);
      expect(layer.gflops > 0, layer.name).to.equal(!/^(input|pool)/.test(layer.name));
    }
    // fc8: 4096 x 1000 multiply-adds for each of two images
    const { ms, gflops: fc8 } = layers[layers.length - 1];
    expect((fc8 * ms * 1e6) / (2 * 2 * 4_096_000)).to.be.closeTo(1, 1e-9);
  });

  it("bench writes a table", async () => {
    const args =
      "bench --model torchvision --threads 2 --batch 1 --seconds 1 --kernels baseline --fc-weights bfloat16".split(
        " ",
      );
    const { code, stdout } = await alexnet(args);
    expect(code).to.equal(0);
    const lines = linesOf(stdout);
    expect(lines[0]).to.equal(
      `torchvision, batch 1, threads 2, kernels baseline, fc weights bfloat16, Node ${process.version}`,
    );
    expect(lines[2]).to.match(/^[\d.]+ images\/s, [\d.]+ GFLOP\/s$/);
    expect(lines[3]).to.match(/^a batch takes [\d.]+ ms \(fastest [\d.]+, 99 % within [\d.]+\)$/);
    expect(lines.slice(6).map((line) => line.split(" ")[0])).to.deep.equal(OPERATIONS);
  });
});

/** Algorithms by measurement: what is measured, what is kept, and what happens where it cannot be. */
import { expect } from "chai";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseKernels } from "../../lib/engine/choose-kernels.js";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { packageVersion, processor } from "../../lib/host/host.js";
import { defineNetwork } from "../../lib/network/define.js";
import type { AlgorithmTimes } from "../../lib/plan/algorithm.js";
import { defaultTuningFile, tune, type ConvolutionsOption, type Tuning } from "../../lib/tuning/tuning.js";
import { expectClose } from "../golden.js";
import { imagesFor, withEngine } from "../engines.js";
import { seededWeights } from "../seeded-weights.js";

interface File {
  readonly format: string;
  readonly entries: readonly (Record<string, string | number> & { readonly layer: string })[];
}

const conv = { type: "convolution", kernel: 3, padding: 1 } as const;
const network = defineNetwork({
  name: "tuned",
  input: [3, 12, 12],
  layers: [
    { ...conv, name: "conv1", outChannels: 32 },
    { type: "relu", name: "relu1" },
    { ...conv, name: "conv2", outChannels: 32, groups: 2 },
    { ...conv, name: "conv3", outChannels: 64 },
    // the same work as conv3's
    { ...conv, name: "conv4", outChannels: 32 },
    { ...conv, name: "conv5", outChannels: 64 },
    { type: "fully-connected", name: "fc6", outFeatures: 5 },
  ],
});
/** conv1 has three channels, which the transforms cannot take. */
const TUNED = ["conv2", "conv3", "conv4", "conv5"];

const kernels = await chooseKernels("baseline");
const timesIn = ({ convolutions }: Tuning): Record<string, AlgorithmTimes | string> => {
  if (typeof convolutions === "string") throw new Error(`no times: ${convolutions}`);
  return convolutions;
};

describe("tuning", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "alexnet-tuning-"));
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });
  const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as File;
  const run = (tuningFile?: string | false, convolutions: ConvolutionsOption = "auto") =>
    tune(network, kernels, { convolutions, tuningFile });

  it("measures each layer that has a choice, and keeps the times with what they depend on", async () => {
    const file = join(folder, "deep", "times.json");
    const tuning = await run(file);
    expect([tuning.measured, tuning.file, tuning.problem]).to.deep.equal([TUNED, file, undefined]);
    const times = timesIn(tuning);
    expect(Object.keys(times)).to.deep.equal(TUNED);
    for (const time of Object.values(times)) {
      expect(time).to.have.property("direct").above(0);
      expect(time).to.have.property("winograd").above(0);
    }
    const { entries } = read(file);
    for (const { layer, direct, winograd, measured, ...owner } of entries) {
      expect(owner).to.deep.equal({
        cpu: processor(),
        platform: `${process.platform} ${process.arch}`,
        node: process.version,
        package: packageVersion(),
        kernels: "baseline",
      });
      expect(measured).to.match(/^\d{4}-\d\d-\d\d$/);
      expect(Object.values(times)).to.deep.include({ direct, winograd });
      expect(layer).to.match(/ kernel 3x3, stride 1x1, padding 1 1 1 1, groups [12]$/);
    }
    // conv3 and conv5 are the same work, with the times of one of them
    expect(new Set(entries.map(({ layer }) => layer)).size).to.equal(3);
    expect(times.conv5).to.deep.equal(times.conv3);
    expect(readdirSync(join(folder, "deep")), "nothing half written").to.deep.equal(["times.json"]);
  });

  it("measures nothing that is kept, and adds what is not", async () => {
    const file = join(folder, "times.json");
    const first = await run(file, { conv2: "direct", conv3: "winograd", conv5: "direct" });
    expect(first.measured).to.deep.equal(["conv4"]);
    expect(timesIn(first)).to.include({ conv2: "direct", conv3: "winograd", conv5: "direct" });
    const second = await run(file);
    expect(second.measured).to.deep.equal(["conv2", "conv3", "conv5"]);
    expect(timesIn(second).conv4).to.deep.equal(timesIn(first).conv4);
    const third = await run(file);
    expect(third.measured).to.deep.equal([]);
    expect(third.convolutions).to.deep.equal(second.convolutions);
    expect(read(file).entries).to.have.length(3);
  });

  it("takes nobody else's times: of another processor, Node, package version or kernel set", async () => {
    const file = join(folder, "times.json");
    await run(file);
    const { format, entries } = read(file);
    for (const field of ["cpu", "platform", "node", "package", "kernels"]) {
      const others = entries.map((entry) => ({ ...entry, [field]: "another" }));
      writeFileSync(file, JSON.stringify({ format, entries: others }));
      expect((await run(file)).measured, field).to.deep.equal(TUNED);
      // of another version's kernels nothing is of use any more; all else may be used again
      expect(read(file).entries.length, field).to.equal(field === "package" ? 3 : 6);
    }
  });

  it("leaves a file alone that is something else, says so, and measures for this engine", async () => {
    const file = join(folder, "times.json");
    const entry = { cpu: "", platform: "", node: "", package: "", kernels: "", layer: "", measured: "" };
    const format = "alexnet-threads convolution times 1";
    for (const text of [
      "",
      "my novel",
      "null",
      "[]",
      '{"format":"other","entries":[]}',
      JSON.stringify({ format, entries: {} }),
      JSON.stringify({ format, entries: [null] }),
      JSON.stringify({ format, entries: [{ ...entry, direct: 1, winograd: 0 }] }),
      JSON.stringify({ format, entries: [{ ...entry, direct: 1, winograd: 1, node: 20 }] }),
    ]) {
      writeFileSync(file, text);
      const { measured, problem } = await run(file);
      expect(measured, text).to.deep.equal(TUNED);
      expect(problem, text).to.equal(`it is not a file of ${format}`);
      expect(readFileSync(file, "utf8")).to.equal(text);
    }
    const { measured, problem } = await run(folder);
    expect(measured).to.deep.equal(TUNED);
    expect(problem).to.match(/^EISDIR/);
  });

  it("says where a file cannot be made, and leaves nothing beside it", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const { measured, problem } = await run(join(file, "times.json"));
    expect(measured).to.deep.equal(TUNED);
    expect(problem).to.match(/^ENOTDIR/);
    expect(readdirSync(folder)).to.deep.equal(["file"]);
  });

  it("keeps nothing where no file is wanted, and is in the user's cache where none is named", async () => {
    const none = await run(false);
    expect([none.measured, none.file]).to.deep.equal([TUNED, undefined]);
    const first = await run();
    expect(first.file).to.equal(defaultTuningFile());
    expect((await run()).measured).to.deep.equal([]);
  });

  it("measures nothing where nothing is to be chosen", async () => {
    for (const convolutions of ["rule", "direct", "winograd"] as const)
      expect(await run(join(folder, "t"), convolutions)).to.deep.equal({ convolutions, measured: [] });
    const all = Object.fromEntries(TUNED.map((name) => [name, "direct" as const]));
    expect(await run(join(folder, "t"), all)).to.deep.equal({ convolutions: all, measured: [] });
    const reference = { set: KERNEL_SETS.reference, module: "reference" } as const;
    const tuning = await tune(network, reference, { convolutions: "auto", tuningFile: join(folder, "t") });
    expect(tuning).to.deep.equal({ convolutions: {}, measured: [] });
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("refuses what is no way to convolve, no layer and no path", async () => {
    const refused = async (options: object) => {
      try {
        await tune(network, kernels, { convolutions: "auto", ...options });
      } catch (error) {
        return (error as Error).message;
      }
      return "nothing was refused";
    };
    const words =
      "it must be one of auto, rule, direct, winograd, or name layers of conv1, conv2, conv3, conv4, conv5";
    expect(await refused({ convolutions: "fft" })).to.equal(`convolutions: got "fft"; ${words}`);
    expect(await refused({ convolutions: { fc6: "direct" } })).to.equal(`convolutions: got "fc6"; ${words}`);
    for (const [tuningFile, shown] of [
      [true, "true"],
      ["", '""'],
      [7, "7"],
    ])
      expect(await refused({ tuningFile })).to.equal(
        `tuningFile: got ${shown as string}; it must be a path, or false for none`,
      );
  });

  it("decides what an engine computes by, in its plan and beside it", async () => {
    const file = join(folder, "times.json");
    await run(file);
    const { format, entries } = read(file);
    const computed = async (direct: number, winograd: number) => {
      const text = JSON.stringify({
        format,
        entries: entries.map((entry) => ({ ...entry, direct, winograd })),
      });
      writeFileSync(file, text);
      const weights = seededWeights(network);
      const options = { network, weights, threads: 2, maxBatch: 2, kernels: "baseline" } as const;
      return withEngine({ ...options, convolutions: "auto", tuningFile: file }, async (engine) => {
        expect(engine.tuning.measured).to.deep.equal([]);
        const choices = engine.plan.graph.operations.flatMap((operation) =>
          operation.kind === "convolution" ? [operation.choice.algorithm] : [],
        );
        return { choices, output: await engine.forward(imagesFor(engine, 2)) };
      });
    };
    const direct = await computed(1, 2);
    const winograd = await computed(2, 1);
    expect(direct.choices).to.deep.equal(Array(5).fill("direct"));
    expect(winograd.choices).to.deep.equal(["direct", ...Array<string>(4).fill("winograd")]);
    const { shape, data } = direct.output;
    // what the package promises of values by Winograd
    expectClose(winograd.output.data, data, { shape, tolerance: 5e-5, what: "Winograd against direct" });
  });
});

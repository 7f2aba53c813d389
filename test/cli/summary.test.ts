import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { saveWeights } from "../../lib/weights/index.js";
import { LABELS, SMALL_PREPROCESSING, smallWeights, withFolder } from "../scoring/small.js";
import { seededWeights } from "../seeded-weights.js";
import { alexnet, FIXTURES, linesOf } from "./command.js";

interface Json {
  readonly model: string;
  readonly layers: { readonly name: string; readonly weights: number; readonly outputShape: number[] }[];
  readonly totals: Record<string, number>;
}

describe("alexnet summary", () => {
  it("writes CaffeNet's published figures as JSON", async () => {
    const { code, stdout, stderr } = await alexnet(["summary", "--json"]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const json = JSON.parse(stdout) as Json;
    expect(Object.keys(json)).to.deep.equal(["model", "layers", "totals"]);
    for (const layer of json.layers)
      expect(Object.keys(layer)).to.deep.equal(["name", "type", "outputShape", "weights", "biases", "macs"]);
    expect(json.model).to.equal("caffenet");
    const weights = json.layers.map((layer) => layer.weights).filter((count) => count > 0);
    expect(weights).to.deep.equal([34848, 307200, 884736, 663552, 442368, 37748736, 16777216, 4096000]);
    expect(json.layers.find(({ name }) => name === "pool2")?.outputShape).to.deep.equal([256, 13, 13]);
    expect(json.totals).to.deep.equal({
      parameters: 60965224,
      weights: 60954656,
      biases: 10568,
      macs: 724406816,
      neurons: 659272,
    });
  });

  it("says why the single tower's input is not what its descriptions say, and nothing of the kind of others", async () => {
    const last = async (model: string) =>
      linesOf((await alexnet(["summary", "--model", model])).stdout).at(-1);
    expect(await last("single-tower")).to.equal(
      "Descriptions of this network speak of 224 x 224; its layers fit inputs of 227 to 258, and it takes 227.",
    );
    expect(await last("torchvision")).to.match(/ neurons$/);
  });

  it("writes a table whose maps are cut in towers from the first grouped convolution on", async () => {
    const { code, stdout } = await alexnet(["summary", "--model", "caffenet"]);
    expect(code).to.equal(0);
    const lines = linesOf(stdout);
    // read by eye, and against the layers of the published prototxt
    expect(lines.slice(0, 8)).to.deep.equal([
      "caffenet, input 227x227x3",
      "",
      "name     type                          kernel  stride  padding  groups  output            weights  biases  multiply-adds",
      "conv1    convolution                   11x11   4       0        1       55x55x96           34,848      96    105,415,200",
      "relu1    relu                                                           55x55x96",
      "pool1    max-pooling                   3x3     2       0                27x27x96",
      "norm1    local-response-normalisation  5                                27x27x96",
      "conv2    convolution                   5x5     1       2        2       27x27x(2x128)     307,200     256    223,948,800",
    ]);
    expect(lines.slice(-4)).to.deep.equal([
      `${" ".repeat(87)}----------  ------    -----------`,
      `total${" ".repeat(82)}60,954,656  10,568    724,406,816`,
      "",
      "60,965,224 parameters, 724,406,816 multiply-adds, 659,272 neurons",
    ]);
    expect(stdout)
      .to.match(/^conv4 .* 13x13x\(2x192\) +663,552 /m)
      .and.match(/^fc6 .* 4096 +37,748,736 /m);
  });

  it("shows one tower as one, and uneven windows as they are", async () => {
    await withFolder(async (cwd) => {
      const network = defineNetwork({
        name: "odd",
        input: [2, 9, 12],
        layers: [
          {
            type: "convolution",
            name: "conv1",
            outChannels: 4,
            kernel: [3, 5],
            stride: [1, 2],
            padding: [0, 1, 2, 3],
            groups: 2,
          },
          { type: "convolution", name: "conv2", outChannels: 5, kernel: 1 },
          { type: "average-pooling", name: "pool2", kernel: [2, 3], padding: 1 },
        ],
      });
      await saveWeights(`${cwd}/odd.safetensors`, seededWeights(network));
      const { stdout } = await alexnet(["summary", "--weights", "odd.safetensors"], { cwd });
      const lines = linesOf(stdout);
      expect(lines[3]).to.match(/^conv1 +convolution +3x5 +1x2 +0,1,2,3 +2 +9x6x\(2x2\) +60 +4 +3,240$/);
      // five channels cannot be shared by two
      expect(lines[4]).to.match(/^conv2 +convolution +1x1 +1 +0 +1 +9x6x5 +20 +5 +1,080$/);
      expect(lines[5]).to.match(/^pool2 +average-pooling +2x3 +1 +1 +10x6x5$/);
      expect(lines.slice(-4)).to.deep.equal([
        "",
        "weights  odd.safetensors (safetensors, 4 tensors, F32)",
        "labels   none in the file",
        "images   not said",
      ]);
    });
  });

  it("tells how weights want their images", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, { ...smallWeights(), labels: LABELS });
      const bgr = {
        ...SMALL_PREPROCESSING,
        channels: "BGR",
        resize: "stretch",
        filter: "opencv",
        scale: 1,
      } as const;
      const other = {
        ...bgr,
        mean: [104.00698793, 116.66876762, 122.67891434],
        std: [1, 1, 1],
        centre: "truncate",
      };
      await saveWeights(`${cwd}/bgr.safetensors`, { ...smallWeights(), preprocessing: other } as never);
      const said = async (file: string) =>
        linesOf((await alexnet(["summary", "--weights", file], { cwd })).stdout).slice(-6);
      expect(await said("small.safetensors")).to.deep.equal([
        "weights   small.safetensors (safetensors, 4 tensors, F32)",
        "labels    7 in the file",
        "resize    the shorter side to 40, the aspect kept (bilinear with antialiasing, as PIL)",
        "crop      35 x 35, odd margins rounded",
        "channels  RGB",
        "values    (0..255 * 0.003921569 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]",
      ]);
      expect((await said("bgr.safetensors")).slice(1)).to.deep.equal([
        "labels    none in the file",
        "resize    both sides to 40, whatever the aspect (bilinear of two taps, as OpenCV)",
        "crop      35 x 35, odd margins truncated",
        "channels  BGR",
        "values    (0..255 * 1 - [104.007, 116.6688, 122.6789]) / [1, 1, 1]",
      ]);
    });
  });

  it("says how a file's network normalises", async () => {
    const last = async (file: string) =>
      linesOf((await alexnet(["summary", "--weights", `${FIXTURES}${file}`])).stdout).at(-1);
    expect(await last("onnx/zoo-12.onnx")).to.match(
      /^norm1 {4,}x \/ \(1 \+ 0\.0001 \/ 5 \* sum of squares\)\^0\.75, 5 of all channels$/,
    );
  });
});

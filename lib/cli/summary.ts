/** `alexnet summary`: the layers of a network, their sizes and costs. */
import type { Command } from "commander";
import type { Layer, Network, Padding } from "../network/layers.js";
import { towersOf } from "../network/layers.js";
import type { Preprocessing } from "../network/preprocessing.js";
import { summarise, type LayerSummary } from "../network/summary.js";
import { networkByName, type ModelName } from "../network/variants.js";
import { loadWeights, resolveNetwork, type Weights } from "../weights/index.js";
import {
  externalDataOption,
  jsonOption,
  loadOptionsOf,
  modelOption,
  weightsOption,
  type WeightsFlags,
} from "./options.js";
import { count, left, right, shapeText, table } from "./table.js";

interface SummaryOptions extends WeightsFlags {
  readonly weights?: string;
  readonly json?: true;
}

const DEFAULT_MODEL: ModelName = "caffenet";

export function addSummary(program: Command): void {
  program
    .command("summary")
    .summary("layers of a network, their sizes and costs")
    .description("Prints each layer's output, parameters and multiply-adds for one image, and the totals.")
    .addOption(modelOption(`network, ${DEFAULT_MODEL} where neither it nor weights are given`))
    .addOption(weightsOption("weight file: its network, and how it wants its images"))
    .addOption(externalDataOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
From the first grouped convolution on, a map's channels are shown by tower: 27x27x(2x128).

Examples:
  $ alexnet summary
  $ alexnet summary --model torchvision
  $ alexnet summary --weights caffenet.safetensors
  $ alexnet summary --model alexnet2012 --json`,
    )
    .action(summary);
}

async function summary(options: SummaryOptions): Promise<void> {
  const { model } = options;
  const weights =
    options.weights === undefined ? undefined : await loadWeights(options.weights, loadOptionsOf(options));
  const { network, preprocessing } = weights
    ? resolveNetwork(weights, model)
    : { network: networkByName(model ?? DEFAULT_MODEL), preprocessing: undefined };
  if (options.json) {
    process.stdout.write(`${JSON.stringify(summarise(network), null, 2)}\n`);
    return;
  }
  process.stdout.write(layersText(network));
  if (weights) process.stdout.write(`\n${weightsText(weights, preprocessing, network)}`);
}

function layersText(network: Network): string {
  const { layers, totals } = summarise(network);
  const firstGrouped = network.layers.findIndex((layer) => layer.type === "convolution" && layer.groups > 1);
  const rows = network.layers.map((layer, index) =>
    layerRow(layer, layers[index], firstGrouped >= 0 && index >= firstGrouped ? towersOf(network) : 1),
  );
  const columns = [
    left("name"),
    left("type"),
    left("kernel"),
    left("stride"),
    left("padding"),
    left("groups"),
    left("output"),
    right("weights"),
    right("biases"),
    right("multiply-adds"),
  ];
  const note = NOTES[network.name];
  const blank = Array<string>(7).fill("");
  const total = [count(totals.weights), count(totals.biases), count(totals.macs)];
  const [, ...untitled] = blank;
  return (
    `${network.name}, input ${shapeText(inputOf(network))}\n\n` +
    table(columns, [
      ...rows,
      [...blank, ...total.map((text) => "-".repeat(text.length))],
      ["total", ...untitled, ...total],
    ]) +
    `\n${count(totals.parameters)} parameters, ${count(totals.macs)} multiply-adds, ${count(totals.neurons)} neurons\n` +
    (note === undefined ? "" : `${note}\n`)
  );
}

const inputOf = ({ input }: Network): readonly number[] => input;

function layerRow(
  layer: Layer,
  { outputShape, weights, biases, macs }: LayerSummary,
  towers: number,
): string[] {
  const shared = outputShape.length === 3 && outputShape[0] % towers === 0 ? towers : 1;
  const counts = weights > 0 ? [weights, biases, macs].map(count) : ["", "", ""];
  return [layer.name, layer.type, ...windowCells(layer), shapeText(outputShape, shared), ...counts];
}

/** Kernel, stride, padding and groups. */
function windowCells(layer: Layer): string[] {
  const pair = ([height, width]: readonly [number, number], joint: string) =>
    joint === "" && height === width ? String(height) : `${height}x${width}`;
  switch (layer.type) {
    case "convolution":
    case "max-pooling":
    case "average-pooling": {
      const groups = layer.type === "convolution" ? String(layer.groups) : "";
      return [pair(layer.kernel, "x"), pair(layer.stride, ""), paddingText(layer.padding), groups];
    }
    case "local-response-normalisation":
      return [String(layer.size), "", "", ""];
    case "relu":
    case "fully-connected":
    case "dropout":
    case "flatten":
    case "softmax":
      return ["", "", "", ""];
  }
}

function paddingText(padding: Padding): string {
  return padding.every((side) => side === padding[0]) ? String(padding[0]) : padding.join(",");
}

function weightsText(weights: Weights, preprocessing: Preprocessing | undefined, network: Network): string {
  const dtypes = [...new Set([...weights.tensors.values()].map(({ dtype }) => dtype))];
  const lines: [string, string][] = [
    [
      "weights",
      `${weights.source} (${weights.format}, ${weights.tensors.size} tensors, ${dtypes.join(" ")})`,
    ],
    ["labels", weights.labels ? `${count(weights.labels.length)} in the file` : "none in the file"],
    ...(preprocessing
      ? conventionLines(preprocessing, network)
      : [["images", "not said"] as [string, string]]),
    ...normalisationLines(network),
  ];
  return table([left(""), left("")], lines).trimStart();
}

/** How the network's images are made ready, in the order in which it is done. */
function conventionLines(preprocessing: Preprocessing, { input }: Network): [string, string][] {
  const { channels, scale, mean, std, resize, size, filter, centre } = preprocessing;
  const resized =
    resize === "stretch"
      ? `both sides to ${size}, whatever the aspect`
      : `the shorter side to ${size}, the aspect kept`;
  const kind = filter === "pil" ? "bilinear with antialiasing, as PIL" : "bilinear of two taps, as OpenCV";
  return [
    ["resize", `${resized} (${kind})`],
    ["crop", `${input[1]} x ${input[2]}, odd margins ${centre === "round" ? "rounded" : "truncated"}`],
    ["channels", channels],
    [
      "values",
      `(0..255 * ${number(scale)} - [${mean.map(number).join(", ")}]) / [${std.map(number).join(", ")}]`,
    ],
  ];
}

/** The constants of the normalisations, a line for those that are alike: files differ in what alpha is divided by. */
function normalisationLines({ layers }: Network): [string, string][] {
  const names = new Map<string, string[]>();
  for (const layer of layers) {
    if (layer.type !== "local-response-normalisation") continue;
    const { alpha, alphaDividedBySize, size, beta, k, scope } = layer;
    const share = alphaDividedBySize ? `${number(alpha)} / ${size}` : number(alpha);
    const reach = scope === "across" ? "all channels" : "a tower's channels";
    const text = `x / (${number(k)} + ${share} * sum of squares)^${number(beta)}, ${size} of ${reach}`;
    names.set(text, [...(names.get(text) ?? []), layer.name]);
  }
  return [...names].map(([text, layersOfText]) => [layersOfText.join(" "), text]);
}

/** What a person who knows a network from elsewhere may stumble over, by its name. */
const NOTES: Partial<Record<string, string>> = {
  "single-tower":
    "Descriptions of this network speak of 224 x 224; its layers fit inputs of 227 to 258, and it takes 227.",
} satisfies Partial<Record<ModelName, string>>;

/** Seven digits, as a float32 has. */
const number = (value: number): string => String(Number(value.toPrecision(7)));

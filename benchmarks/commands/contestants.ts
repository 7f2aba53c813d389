/** Our command and the peer's script, told to do the same. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { chooseKernels } from "../../lib/engine/choose-kernels.js";
import type { BenchOptions } from "../options.js";
import { LRN_EXPORTS, type LrnExport } from "../peers/onnx-model.js";
import { peersFolder } from "../peers/onnxruntime.js";
import type { ScoreArguments } from "../peers/score.js";
import { OURS } from "../report/section.js";
import { scriptPath, type Command } from "./command.js";
import type { WeightFiles } from "./weight-files.js";

const ALEXNET = scriptPath("../../lib/cli/main.js", import.meta.url);
const PEER = scriptPath("../peers/score.js", import.meta.url);

export interface Work {
  /** A folder, or one photograph. */
  readonly photographs: string;
  /** A file for the rows; stdout where left out. */
  readonly out?: string;
  /** Images in a batch; each program's own choice where left out. */
  readonly batch?: number;
}

export interface Program {
  readonly name: string;
  readonly kind: string;
  readonly commandFor: (work: Work) => Command;
}

/** What a user of onnxruntime-node would take, and what memory for its activations allows. */
const PEER_BATCH = 64;

/** Ours first, then the peer with each form of its model. */
export async function programs(files: WeightFiles, options: BenchOptions): Promise<Program[]> {
  const { choice } = await chooseKernels(options.kernels);
  return [
    {
      name: `${OURS}, ${choice.set}`,
      kind: OURS,
      commandFor: ({ photographs, out, batch }) => [
        ...[ALEXNET, "score", photographs, "--weights", files.safetensors],
        ...["--threads", String(options.threads), "--kernels", options.kernels],
        ...(batch === undefined ? [] : ["--batch", String(batch)]),
        ...(out === undefined ? [] : ["--out", out]),
      ],
    },
    ...LRN_EXPORTS.map((lrn) => peer(files, options, lrn)),
  ];
}

const LRN_NAMES: Readonly<Record<LrnExport, string>> = {
  operator: "LRN operator",
  elementary: "LRN of elementary operators",
};

function peer(files: WeightFiles, { threads }: BenchOptions, lrn: LrnExport): Program {
  const { network, preprocessing } = files;
  return {
    name: `sharp ${sharp.versions.sharp}, onnxruntime-node ${onnxruntimeVersion()}, ${LRN_NAMES[lrn]}`,
    kind: "onnxruntime-node",
    commandFor: ({ photographs, out, batch = PEER_BATCH }) => {
      const given: ScoreArguments = {
        photographs,
        model: files.onnx[lrn],
        input: network.input,
        preprocessing,
        threads,
        batch,
        ...(out !== undefined && { out }),
      };
      return [PEER, JSON.stringify(given)];
    },
  };
}

function onnxruntimeVersion(): string {
  const manifest = new URL("node_modules/onnxruntime-node/package.json", peersFolder);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

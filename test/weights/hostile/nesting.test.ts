/** Nesting without an end, for which a reader that follows it by recursion has no stack. */
import { op, safetensorsBytes } from "../helpers/build.js";
import * as caffe from "../helpers/caffe.js";
import { bytes as field, int, node, onnxBytes, text } from "../helpers/onnx.js";
import { bytes } from "../helpers/proto.js";
import { PICKLE_AT, PICKLED, raw, TORCH, type TorchFormat } from "./formats.js";
import { itRefuses, type HostileCase } from "./judge.js";

const SAVE = "; save it with torch.save(model.state_dict(), path)";
const DEEP = 60_000;

const tuples = raw("N", Buffer.alloc(DEEP, 0x85));
const lists = raw(Buffer.alloc(DEEP, "]"), Buffer.alloc(DEEP - 1, "a"));
const dicts = raw(...Array<Buffer>(DEEP).fill(raw("}K", 1)), "N", Buffer.alloc(DEEP, "s"));
const wrappers = raw(...Array<Buffer>(DEEP).fill(raw("}", op.text("model"))), "N", Buffer.alloc(DEEP, "s"));

const inTorch = (format: TorchFormat): readonly HostileCase[] => [
  [
    format,
    "tuples in tuples",
    () => PICKLED[format](op.dict(op.text("w"), tuples)),
    `FILE: tensor "w" is a tuple of 1, not a tensor${SAVE}`,
  ],
  [
    format,
    "lists in lists",
    () => PICKLED[format](lists),
    `FILE: the file holds a list of 1, not a state dict${SAVE}`,
  ],
  [
    format,
    "dicts in dicts",
    () => PICKLED[format](dicts),
    "FILE: the state dict has a number as a key; name tensors by strings",
  ],
  [
    format,
    "state dicts in state dicts",
    () => PICKLED[format](wrappers),
    `FILE: tensor "model" is a dict of 1, not a tensor${SAVE}`,
  ],
];

const CASES: readonly HostileCase[] = [
  [
    "safetensors",
    "a megabyte of lists",
    () => safetensorsBytes(`{"a":${"[".repeat(1e6)}`, Buffer.alloc(0)),
    /^FILE: the header is not JSON: nested deeper than 32 at character \d+; the file is damaged/,
  ],
  [
    "safetensors",
    "a megabyte of objects",
    () => safetensorsBytes('{"a":'.repeat(200_000), Buffer.alloc(0)),
    /^FILE: the header is not JSON: nested deeper than 32 at character \d+; the file is damaged/,
  ],
  [
    "safetensors",
    "a megabyte of lists in the metadata",
    () =>
      safetensorsBytes(
        { __metadata__: { format: "alexnet-threads", network: "[".repeat(1e6) } },
        Buffer.alloc(0),
      ),
    "FILE: __metadata__ network: it is not JSON: nested deeper than 32 at character 32; save the weights again",
  ],
  ...TORCH.flatMap(inTorch),
  ...([...TORCH, "npy"] as const).map((format): HostileCase => [
    format,
    "MARKs",
    () => PICKLED[format](Buffer.alloc(DEEP, "(")),
    `FILE: ${PICKLE_AT[format][0]} byte ${PICKLE_AT[format][1] + 64} nests deeper than 64; the file is damaged, get it again`,
  ]),
  [
    "npy",
    "tuples in tuples",
    () => PICKLED.npy(tuples),
    "FILE: the array is a tuple of 1, not an array; save NumPy arrays alone",
  ],
  [
    "caffemodel",
    "groups in groups",
    () => caffe.net(caffe.layer({ name: "a", more: [Buffer.alloc(DEEP, 0x0b)] })),
    /^FILE: layer 1, the field at byte \d+ has wire type 3; it must be 0, 1, 2 or 5; the file is damaged/,
  ],
  [
    "caffemodel",
    "messages in messages",
    () => {
      let blob = caffe.data(1);
      for (let depth = 0; depth < 500; depth++) blob = bytes(7, blob);
      return caffe.net(caffe.layer({ name: "a", blobs: [blob] }));
    },
    /^FILE: layer "a": blob 0: its data has 0 numbers; it must be 1, as its dimensions \(none\) say; the file is damaged/,
  ],
  [
    "onnx",
    "graphs in graphs",
    () => {
      let graph = node("Relu", ["x"], ["y"]);
      for (let depth = 0; depth < 500; depth++)
        graph = field(
          1,
          text(1, "x"),
          text(2, "y"),
          text(4, "Relu"),
          field(5, text(1, "branch"), field(6, graph), int(20, 5)),
        );
      return onnxBytes({ nodes: [graph], tensors: [] });
    },
    'FILE: node 1 (Relu): unknown attribute "branch"; known are consumed_inputs; export the model without it',
  ],
];
itRefuses("deep nesting", CASES);

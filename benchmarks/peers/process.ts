/**
 * A process with one peer in it, which answers one request after another. It makes model and input from their seeds
 * itself, and has Node's default flags, whatever the flags of the process that started it.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Network } from "../../lib/network/layers.js";
import { seededInput, seededWeights } from "../../test/seeded-weights.js";
import { onnxModel, type LrnExport } from "./onnx-model.js";
import { onnxruntime } from "./onnxruntime.js";
import type { Peer, PeerPackage } from "./peer.js";

export type PeerRequest =
  | {
      readonly kind: "load";
      readonly package: PeerPackage;
      readonly network: Network;
      readonly lrn: LrnExport;
      readonly threads: number;
    }
  /** The outputs for the seeded input of so many images. */
  | { readonly kind: "logits"; readonly images: number }
  /** The milliseconds of each of `runs` runs, behind one that is not timed. */
  | { readonly kind: "time"; readonly images: number; readonly runs: number };

export type PeerReply =
  | { readonly kind: "loaded"; readonly name: string }
  | { readonly kind: "logits"; readonly logits: Float32Array }
  | { readonly kind: "times"; readonly milliseconds: readonly number[] }
  | { readonly kind: "failed"; readonly message: string };

interface Loaded {
  readonly peer: Peer;
  readonly network: Network;
}

let loaded: Loaded | undefined;
const inputs = new Map<number, Float32Array>();

async function answer(request: PeerRequest): Promise<PeerReply> {
  if (request.kind === "load") {
    const { network } = request;
    const peer = onnxruntime(request.package, network.input, request.threads);
    await peer.load(await onnxModel(network, seededWeights(network), request.lrn, "logits"));
    loaded = { peer, network };
    return { kind: "loaded", name: peer.name };
  }
  if (loaded === undefined) throw new Error("nothing is loaded yet");
  const { peer, network } = loaded;
  const { images } = request;
  const input = inputs.get(images) ?? seededInput([images, ...network.input]);
  inputs.set(images, input);
  const logits = await peer.run(input, images);
  // a copy: the peer's output may lie in memory that is not its own
  if (request.kind === "logits") return { kind: "logits", logits: logits.slice() };
  const milliseconds: number[] = [];
  for (let run = 0; run < request.runs; run++) {
    const start = performance.now();
    await peer.run(input, images);
    milliseconds.push(performance.now() - start);
  }
  return { kind: "times", milliseconds };
}

/** Milliseconds of a look at the process's own use of the processor, and of the longest wait for it to end. */
const LOOK = 20;
const LONGEST = 2000;

/**
 * Waits until this process does nothing. onnxruntime's threads spin for a while behind every run (which makes the
 * next one faster, so it is left on), and would take the cores from whoever is timed next.
 */
async function settle(): Promise<void> {
  const end = performance.now() + LONGEST;
  for (let busy = Infinity; busy > LOOK / 10 && performance.now() < end;) {
    const before = process.cpuUsage();
    await pause(LOOK);
    const { user, system } = process.cpuUsage(before);
    busy = (user + system) / 1000;
  }
}

async function answerAndSettle(request: PeerRequest): Promise<PeerReply> {
  const reply = await answer(request);
  await settle();
  return reply;
}

process.on("message", (request: PeerRequest) => {
  answerAndSettle(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      process.send?.({ kind: "failed", message: String(error) } satisfies PeerReply);
    },
  );
});
// a runtime's own threads would keep the process alive
process.on("disconnect", () => process.exit());

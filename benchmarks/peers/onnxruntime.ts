/** onnxruntime-node (native) and onnxruntime-web (WebAssembly) as peers; both have the same interface. */
import { createRequire } from "node:module";
import type { Peer, PeerPackage } from "./peer.js";

/** What is used of onnxruntime-common, written down here so that type checks need no installed peers. */
interface Runtime {
  readonly env: {
    readonly versions: Readonly<Record<string, string | undefined>>;
    readonly wasm: { numThreads?: number };
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => Tensor;
  readonly InferenceSession: {
    create(model: Uint8Array | string, options: SessionOptions): Promise<Session>;
  };
}
interface Tensor {
  readonly data: unknown;
}
interface Session {
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}
interface SessionOptions {
  readonly executionProviders: readonly string[];
  readonly graphOptimizationLevel: "all";
  readonly executionMode: "sequential";
  readonly intraOpNumThreads: number;
}

/** This file runs in dist/, its packages are beside its source. */
export const peersFolder = new URL("../../../benchmarks/peers/", import.meta.url);
const require = createRequire(new URL("package.json", peersFolder));

/**
 * @param shape [C, H, W] of an image
 * @throws Error where the package is not installed
 */
export function onnxruntime(packageName: PeerPackage, shape: readonly number[], threads: number): Peer {
  const runtime = require(packageName) as Runtime;
  const native = packageName === "onnxruntime-node";
  if (!native) runtime.env.wasm.numThreads = threads;
  const version = runtime.env.versions[native ? "node" : "web"] ?? runtime.env.versions.common ?? "";
  let session: Session | undefined;
  return {
    name: `${packageName} ${version}`.trim(),
    async load(model) {
      // session.intra_op.allow_spinning is left on, as it is by default: the peer is faster with it
      session = await runtime.InferenceSession.create(model, {
        executionProviders: [native ? "cpu" : "wasm"],
        graphOptimizationLevel: "all",
        executionMode: "sequential",
        intraOpNumThreads: threads,
      });
    },
    async run(input, batch) {
      if (session === undefined) throw new Error(`${packageName}: no model is loaded`);
      const outputs = await session.run({ input: new runtime.Tensor("float32", input, [batch, ...shape]) });
      const { data } = outputs[session.outputNames[0]];
      if (!(data instanceof Float32Array)) throw new TypeError(`${packageName}: the output is not float32`);
      return data;
    },
  };
}

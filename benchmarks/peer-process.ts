/** A peer in a process of its own, seen from here. */
import { fork, type ChildProcess } from "node:child_process";
import type { Network } from "../lib/network/layers.js";
import type { LrnExport } from "./peers/onnx-model.js";
import type { PeerPackage } from "./peers/peer.js";
import type { PeerReply, PeerRequest } from "./peers/process.js";

export interface PeerChoice {
  readonly package: PeerPackage;
  readonly lrn: LrnExport;
}

type ReplyOf<Kind extends PeerReply["kind"]> = Extract<PeerReply, { kind: Kind }>;

export class PeerProcess {
  readonly #child: ChildProcess;
  #name = "";

  private constructor(readonly choice: PeerChoice) {
    // no flags of ours: they are for our kernels, and a peer shall run as its users run it
    this.#child = fork(new URL("./peers/process.js", import.meta.url), {
      execArgv: [],
      serialization: "advanced",
    });
  }

  /** @throws Error where the peer cannot be loaded. */
  static async start(choice: PeerChoice, network: Network, threads: number): Promise<PeerProcess> {
    const started = new PeerProcess(choice);
    try {
      const { name } = await started.#ask({ kind: "load", ...choice, network, threads }, "loaded");
      started.#name = `${name}, ${choice.lrn === "operator" ? "LRN operator" : "LRN of elementary operators"}`;
    } catch (error) {
      started.stop();
      throw error;
    }
    return started;
  }

  /** Package, version and export. */
  get name(): string {
    return this.#name;
  }

  /** Values before softmax for the seeded input. */
  async logits(images: number): Promise<Float32Array> {
    return (await this.#ask({ kind: "logits", images }, "logits")).logits;
  }

  /** Milliseconds of each of `runs` runs, behind one that is not timed. */
  async time(images: number, runs: number): Promise<readonly number[]> {
    return (await this.#ask({ kind: "time", images, runs }, "times")).milliseconds;
  }

  stop(): void {
    this.#child.kill();
  }

  /** One request at a time. */
  #ask<Kind extends PeerReply["kind"]>(request: PeerRequest, expected: Kind): Promise<ReplyOf<Kind>> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        child.off("message", onMessage).off("exit", onExit).off("error", onError);
        act();
      };
      const onMessage = (reply: PeerReply) => {
        done(() => {
          if (reply.kind === expected) resolve(reply as ReplyOf<Kind>);
          else reject(new Error(reply.kind === "failed" ? reply.message : `unexpected answer ${reply.kind}`));
        });
      };
      const onExit = (code: number | null, signal: string | null) => {
        done(() => {
          reject(new Error(`the peer's process ended (${signal ?? `exit code ${code ?? "unknown"}`})`));
        });
      };
      const onError = (error: Error) => {
        done(() => {
          reject(error);
        });
      };
      child.on("message", onMessage).once("exit", onExit).once("error", onError);
      child.send(request);
    });
  }
}

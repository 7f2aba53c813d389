/** A network of a few milliseconds, images for it, and what several scoring tests need. */
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AlexNetError, type ErrorCode } from "../../lib/errors/base.js";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import type { Preprocessing } from "../../lib/network/preprocessing.js";
import type { Weights } from "../../lib/weights/index.js";
import { seededWeights } from "../seeded-weights.js";

export const CLASSES = 7;

export function smallNetwork(classes = CLASSES): Network {
  return defineNetwork({
    name: "small",
    input: [3, 35, 35],
    layers: [
      { type: "convolution", name: "conv1", outChannels: 8, kernel: 5, stride: 3 },
      { type: "relu", name: "relu1" },
      { type: "max-pooling", name: "pool1", kernel: 3, stride: 2 },
      { type: "flatten", name: "flatten" },
      { type: "fully-connected", name: "fc2", outFeatures: classes },
      { type: "softmax", name: "prob" },
    ],
  });
}

/** Values around -2..2, as the published recipes give them, so that probabilities are far from 0 and 1. */
export const SMALL_PREPROCESSING: Preprocessing = {
  channels: "RGB",
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  resize: "shorter-side",
  size: 40,
  filter: "pil",
  centre: "round",
};

export const LABELS: readonly string[] = Array.from({ length: CLASSES }, (_, index) => `class ${index}`);

export function smallWeights(network = smallNetwork()): Weights {
  return { ...seededWeights(network), preprocessing: SMALL_PREPROCESSING };
}

const SAMPLES = new URL("../../../fixtures/samples/", import.meta.url);

/** The sample photographs, in the order of their names. */
export const samples: readonly string[] = readdirSync(SAMPLES)
  .filter((name) => name.endsWith(".jpg"))
  .sort()
  .map((name) => fileURLToPath(new URL(name, SAMPLES)));

/** Runs `use` with a new folder, which is removed afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "alexnet-scoring-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a promise or a function fails with; fails itself where it does not. */
export async function errorOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error;
  }
  throw new Error("it should have failed");
}

/** [code, message] of the AlexNetError that `work` fails with. */
export async function refusalOf(
  work: Promise<unknown> | (() => unknown),
): Promise<readonly [code: ErrorCode, message: string]> {
  const error = await errorOf(work);
  if (!(error instanceof AlexNetError)) throw error;
  return [error.code, error.message];
}

/** A promise, and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Lets everything go on that only waits for other promises or for a turn of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

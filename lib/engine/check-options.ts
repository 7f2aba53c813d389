/** What is wrong with an engine's options by themselves; their values are checked where they are used. */
import { engineErrors } from "../errors/engine.js";
import type { EngineOptions } from "./engine.js";

const KNOWN: readonly (keyof EngineOptions)[] = [
  "network",
  "weights",
  "threads",
  "maxBatch",
  "kernels",
  "convolutions",
  "tuningFile",
  "fcWeights",
  "trace",
];

/** @throws AlexNetError OPTION_INVALID for an option that there is not, and for weights that are none. */
export function checkOptions(options: unknown): asserts options is EngineOptions {
  if (typeof options !== "object" || options === null)
    throw engineErrors.option("options", options, `an object with ${KNOWN.join(", ")}`);
  const unknown = Object.keys(options).find((key) => !(KNOWN as readonly string[]).includes(key));
  if (unknown !== undefined) throw engineErrors.option("options", unknown, `one of ${KNOWN.join(", ")}`);
  const { weights, trace } = options as { weights?: unknown; trace?: unknown };
  if (trace !== undefined && typeof trace !== "function")
    throw engineErrors.option("trace", trace, "a function that is told what happens when");
  if (typeof weights !== "string" && !isWeights(weights))
    throw engineErrors.option(
      "weights",
      weights,
      "a file's path, or what loadWeights or weightsFromTensors give",
    );
}

function isWeights(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { tensors, stream } = value as { tensors?: unknown; stream?: unknown };
  return tensors instanceof Map && typeof stream === "function";
}

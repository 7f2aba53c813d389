import { AlexNetError, reasonOf, show } from "./base.js";

const invalid = (message: string, cause?: unknown) => new AlexNetError("WEIGHTS_INVALID", message, { cause });

/**
 * Errors of ONNX models that are well formed and not read, and of networks that ONNX cannot say. `at` is a node
 * ("node 3 \"conv1\" (Conv)") or a tensor; what is damaged has the texts of lib/errors/weights.ts.
 */
export const onnxErrors = {
  operator: (source: string, at: string, known: readonly string[]) =>
    invalid(
      `${source}: ${at} is no operator that is read; it must be one of ${known.join(", ")};` +
        ` export the model for inference, in float32, with opset 17`,
    ),
  domain: (source: string, at: string, domain: string) =>
    invalid(
      `${source}: ${at}: domain is ${show(domain)}; it must be ONNX's own (""); export the model without extensions`,
    ),
  unknownAttribute: (source: string, at: string, name: string, known: readonly string[]) =>
    invalid(
      `${source}: ${at}: unknown attribute ${show(name)}; known are ${known.join(", ") || "none"};` +
        ` export the model without it`,
    ),
  /** An attribute, an input or a place in the graph that this reader does not take. */
  unread: (source: string, at: string, got: unknown, rule: string, next: string) =>
    invalid(`${source}: ${at} is ${show(got)}; it must be ${rule}; ${next}`),
  notAChain: (source: string, at: string, problem: string) =>
    invalid(
      `${source}: ${at} ${problem}; it must be one chain of nodes from the one input to the one output;` +
        ` export the plain network`,
    ),
  notALayer: (source: string, at: string, cause: unknown) =>
    invalid(
      `${source}: ${at} cannot be a layer here: ${reasonOf(cause)}; export the model with the input size` +
        ` that it was made for`,
      cause,
    ),
  otherNetwork: (source: string, name: string) =>
    invalid(
      `${source}: metadata_props network: ${show(name)} does not compute what the graph computes;` +
        ` remove metadata_props, or export the network again`,
    ),
  otherDropout: (source: string, name: string) =>
    invalid(
      `${source}: metadata_props network: ${show(name)} has other places or rates of dropout than the graph;` +
        ` remove metadata_props, or export the network again`,
    ),
  external: (source: string, tensor: string) =>
    invalid(
      `${source}: tensor ${show(tensor)}: its data lie in another file, which is not read unless allowed;` +
        ` save the model in one file, or allow it with --external-data (\`externalData\`)`,
    ),
  externalPlace: (source: string, tensor: string, field: string, got: unknown, rule: string) =>
    invalid(
      `${source}: tensor ${show(tensor)}: external data: ${field} is ${show(got)}; it must be ${rule};` +
        ` save the model in one file`,
    ),

  unwritableLayer: (path: string, layer: string, problem: string, next: string) =>
    new AlexNetError("WEIGHTS_UNWRITABLE", `${path}: layer ${show(layer)}: ${problem}; ${next}`),
  tooLarge: (path: string, bytes: number, most: number) =>
    new AlexNetError(
      "WEIGHTS_UNWRITABLE",
      `${path}: needs ${bytes} bytes; an ONNX file must have at most ${most}; write it as safetensors`,
    ),
};

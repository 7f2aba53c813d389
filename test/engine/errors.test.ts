/** Every text of lib/errors/engine.ts, as a user meets it. */
import { expect } from "chai";
import ndarray, { type NdArray } from "ndarray";
import { chooseKernels, type KernelsOption } from "../../lib/engine/choose-kernels.js";
import type { EngineOptions } from "../../lib/engine/engine.js";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { AlexNetError } from "../../lib/errors/base.js";
import { engineErrors } from "../../lib/errors/engine.js";
import { defineNetwork } from "../../lib/network/define.js";
import { makePlan } from "../../lib/plan/plan.js";
import { withEngine } from "../engines.js";
import { seededWeights } from "../seeded-weights.js";
import { WorkerWatch } from "./killing.js";
import { small, smallNetwork } from "./small.js";

const cut = defineNetwork({
  name: "cut",
  input: [4, 3, 3],
  layers: [{ type: "convolution", name: "conv1", outChannels: 2, kernel: 3, groups: 2 }],
});

const zeros = (...shape: number[]): NdArray<Float32Array> =>
  ndarray(new Float32Array(shape.reduce((product, size) => product * size, 1)), shape);
/** An ndarray whose fields say something else than its data. */
const broken = (fields: object): NdArray => Object.assign(zeros(1, 3, 12, 10), fields);
const withElement = (value: number): NdArray => {
  const input = zeros(2, 3, 12, 10);
  input.set(1, 2, 11, 9, value);
  return input;
};
const doubles = (): NdArray => {
  const input = ndarray(new Float64Array(360), [1, 3, 12, 10]);
  input.set(0, 1, 2, 3, 1e39);
  return input;
};

const INPUT = "it must be an ndarray of numbers with shape [N, C, H, W]; see the package ndarray";
const SHAPE = "it must be [N, 3, 12, 10] with N from 1; resize or crop the images to it";
const HOLD = "give it data that holds the view";
const LAYERS = smallNetwork.layers.map(({ name }) => name).join(", ");

/** What `forward` refuses: which factory, the input, the text. */
const INPUTS: [factory: keyof typeof engineErrors, input: unknown, text: string][] = [
  ["inputType", undefined, `input: got nothing; ${INPUT}`],
  ["inputType", null, `input: got null; ${INPUT}`],
  ["inputType", "cat.jpg", `input: got "cat.jpg"; ${INPUT}`],
  ["inputType", Float32Array.of(1, 2), `input: got a Float32Array of 8 bytes; ${INPUT}`],
  ["inputType", broken({ data: [1, "2"] }), ""],
  ["inputType", broken({ data: BigInt64Array.of(1n) }), ""],
  ["inputType", broken({ data: new DataView(new ArrayBuffer(8)) }), ""],
  ["inputType", broken({ stride: undefined }), ""],
  ["inputType", broken({ stride: [360, NaN, 10, 1] }), ""],
  ["inputType", broken({ stride: [360, 120, 10, 0.5] }), ""],
  ["inputType", broken({ offset: NaN }), ""],
  ["inputShape", zeros(3, 12, 10), `input: shape is [3, 12, 10]; ${SHAPE}`],
  ["inputShape", zeros(1, 3, 10, 12), `input: shape is [1, 3, 10, 12]; ${SHAPE}`],
  ["inputShape", zeros(1, 12, 10, 3), `input: shape is [1, 12, 10, 3]; ${SHAPE}`],
  ["inputShape", zeros(0, 3, 12, 10), `input: shape is [0, 3, 12, 10]; ${SHAPE}`],
  ["inputShape", broken({ shape: [1.5, 3, 12, 10] }), `input: shape is [1.5, 3, 12, 10]; ${SHAPE}`],
  ["inputShape", broken({ shape: [NaN, 3, 12, 10] }), `input: shape is [NaN, 3, 12, 10]; ${SHAPE}`],
  [
    "inputData",
    broken({ shape: [2, 3, 12, 10] }),
    `input: its data has 360 elements, its shape, strides and offset reach element 719; ${HOLD}`,
  ],
  [
    "inputData",
    broken({ stride: [360, 120, -10, 1] }),
    `input: its data has 360 elements, its shape, strides and offset reach element -110; ${HOLD}`,
  ],
  [
    "inputData",
    broken({ offset: 1 }),
    `input: its data has 360 elements, its shape, strides and offset reach element 360; ${HOLD}`,
  ],
  ...[NaN, Infinity, -Infinity].map((value): [keyof typeof engineErrors, unknown, string] => [
    "inputNotFinite",
    withElement(value),
    `input: element [1, 2, 11, 9] is ${value}; every element must be finite; check the preprocessing`,
  ]),
  [
    "inputNotFinite",
    doubles(),
    "input: element [0, 1, 2, 3] is 1e+39; every element must be finite; check the preprocessing",
  ],
];

async function errorOf(run: () => Promise<unknown>): Promise<AlexNetError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof AlexNetError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("errors of the engine", () => {
  const covered = new Set<string>();
  const expectError = (
    factory: keyof typeof engineErrors,
    error: AlexNetError,
    code: string,
    text: string,
  ) => {
    covered.add(factory);
    expect(error.message).to.equal(text);
    expect(error.code).to.equal(code);
  };

  it("name what is wrong with an input, and the engine goes on", () =>
    withEngine(small, async (engine) => {
      const right = await engine.forward(zeros(1, 3, 12, 10));
      for (const [factory, input, text] of INPUTS) {
        const error = await errorOf(() => engine.forward(input as NdArray));
        if (text !== "") expectError(factory, error, "INPUT_INVALID", text);
        else expect(error.message).to.match(/^input: got .+; it must be an ndarray of numbers/);
      }
      expect((await engine.forward(zeros(1, 3, 12, 10))).data).to.deep.equal(right.data);
    }));

  it("name the layers that there are", () =>
    withEngine(small, async (engine) => {
      const input = zeros(1, 3, 12, 10);
      const unknown = await errorOf(() => engine.activations(input, ["conv1", "conv9"]));
      const text = `layers: "conv9" is not a layer of the network; it must be one of ${LAYERS}`;
      expectError("unknownLayer", unknown, "OPTION_INVALID", text);
      expect((await errorOf(() => engine.activations(input, ["input"]))).message).to.include(
        '"input" is not a layer',
      );
      const none = await errorOf(() => engine.activations(input, []));
      expectError("noLayers", none, "OPTION_INVALID", "layers: got an empty list; name at least one layer");
    }));

  it("refuse options out of range", async () => {
    const threads = await errorOf(() => withEngine({ ...small, threads: 65 }, () => Promise.resolve()));
    expectError(
      "option",
      threads,
      "OPTION_INVALID",
      "threads: got 65; it must be a whole number from 1 to 64",
    );
    const known = "network, weights, threads, maxBatch, kernels, convolutions, tuningFile, fcWeights, trace";
    const weights = "a file's path, or what loadWeights or weightsFromTensors give";
    const wrong: [options: unknown, text: string][] = [
      [undefined, `options: got nothing; it must be an object with ${known}`],
      ["w.safetensors", `options: got "w.safetensors"; it must be an object with ${known}`],
      [{ ...small, thread: 1 }, `options: got "thread"; it must be one of ${known}`],
      [{}, `weights: got nothing; it must be ${weights}`],
      [{ ...small, weights: { tensors: [] } }, `weights: got {"tensors":[]}; it must be ${weights}`],
      [{ ...small, weights: null }, `weights: got null; it must be ${weights}`],
      [{ ...small, trace: 1 }, "trace: got 1; it must be a function that is told what happens when"],
    ];
    for (const [options, text] of wrong)
      expectError(
        "option",
        await errorOf(() => withEngine(options as EngineOptions, () => Promise.resolve())),
        "OPTION_INVALID",
        text,
      );
    const convolutions: [factory: keyof typeof engineErrors, got: object, text: string][] = [
      [
        "convolutions",
        { conv9: "direct" },
        'convolutions: got "conv9"; it must be one of auto, rule, direct, winograd, or name layers of conv1, conv2',
      ],
      ["convolutionOf", { conv1: "fft" }, 'convolutions: conv1: got "fft"; it must be direct or winograd'],
      [
        "winogradImpossible",
        { conv2: "winograd" },
        'convolutions: conv2: got "winograd"; it computes square filters of 3 x 3 or 5 x 5 with stride 1 (of the' +
          " network's input, filters of 3 or 5 strides), channels of a tower in multiples of 8; leave it direct",
      ],
    ];
    for (const [factory, got, rule] of convolutions) {
      const options = { ...small, convolutions: got } as EngineOptions;
      expectError(
        factory,
        await errorOf(() => withEngine(options, () => Promise.resolve())),
        "OPTION_INVALID",
        rule,
      );
    }
    const none = defineNetwork({ name: "none", input: [4, 1, 1], layers: [{ type: "relu", name: "relu1" }] });
    const nameless = { ...small, network: none, weights: seededWeights(none), convolutions: { a: "direct" } };
    expect(
      (await errorOf(() => withEngine(nameless as EngineOptions, () => Promise.resolve()))).message,
    ).to.equal(
      'convolutions: got "a"; it must be one of auto, rule, direct, winograd, or name convolutions, of which the network has none',
    );
    const kernels = await errorOf(() => chooseKernels("fast" as KernelsOption));
    const text = 'kernels: got "fast"; it must be one of auto, baseline, relaxed, wide, reference';
    expectError("kernelsUnknown", kernels, "OPTION_INVALID", text);
  });

  it("say when the engine is closed", async () => {
    const closed = await withEngine(small, (engine) => Promise.resolve(engine));
    const text = "engine: it is closed; create another one";
    expectError("closed", await errorOf(() => closed.forward(zeros(1, 3, 12, 10))), "ENGINE_CLOSED", text);
    for (const run of [() => closed.activations(zeros(1, 3, 12, 10), ["fc3"]), () => closed.time(1)])
      expect((await errorOf(run)).code).to.equal("ENGINE_CLOSED");
  });

  it("refuse a plan that is too large", async () => {
    const huge = defineNetwork({ ...cut, name: "huge", input: [4, 4096, 4096] });
    const weights = seededWeights(huge);
    const memory = await errorOf(() => withEngine({ network: huge, weights }, () => Promise.resolve()));
    expect(memory.message).to.match(
      /^network huge: the plan needs \d+ bytes of shared memory; WebAssembly has 4294967296; lower maxBatch or threads$/,
    );
    expectError("memory", memory, "MEMORY_TOO_LARGE", memory.message);
  });

  it("say that the system has not enough memory, and leave nothing running", async () => {
    const watch = new WorkerWatch();
    const { Memory } = WebAssembly;
    const cause = new RangeError("WebAssembly.Memory(): could not allocate memory");
    WebAssembly.Memory = function () {
      throw cause;
    } as unknown as typeof Memory;
    try {
      const error = await errorOf(() =>
        withEngine({ ...small, kernels: "reference" }, () => Promise.resolve()),
      );
      const { bytes } = makePlan({
        network: smallNetwork,
        tile: KERNEL_SETS.reference,
        threads: 2,
        maxBatch: 4,
      }).memory;
      const text =
        `network small: the system does not give ${bytes} bytes of shared memory (${cause.message});` +
        " close other engines, or lower maxBatch or threads";
      expectError("memoryRefused", error, "MEMORY_TOO_LARGE", text);
      expect(error.cause).to.equal(cause);
      expect(watch.started).to.equal(0);
    } finally {
      WebAssembly.Memory = Memory;
      watch.stop();
    }
  });

  it("say why a kernel set cannot be used, and what to do", () => {
    const error = engineErrors.kernelsUnavailable(
      "wide",
      "this Node does not compile it (v20.9.0)",
      "use a newer one",
    );
    const text =
      "kernels: the set wide cannot be used: this Node does not compile it (v20.9.0); use a newer one";
    expectError("kernelsUnavailable", error, "KERNELS_UNAVAILABLE", text);
  });

  it("say that the kernels could not be measured", () => {
    const text =
      "kernels: the thread that measures them ended with code 1 before it answered; create the engine again";
    expectError("measuringLost", engineErrors.measuringLost(1), "WORKER_FAILED", text);
  });

  it("say what a lost batch means", () => {
    const cause = new Error("worker exited with code: 1");
    const error = engineErrors.workerFailed(cause);
    const text =
      "engine: a worker failed in the middle of a batch (worker exited with code: 1); this batch is lost;" +
      " the engine restarts its pool and takes the next one";
    expectError("workerFailed", error, "WORKER_FAILED", text);
    expect(error.cause).to.equal(cause);
  });

  it("are all pinned here", () => {
    expect([...covered]).to.have.members(Object.keys(engineErrors));
  });
});

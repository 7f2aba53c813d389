/** Which algorithm a convolution gets in a plan, and why. */
import { expect } from "chai";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { defineNetwork } from "../../lib/network/define.js";
import { networks } from "../../lib/network/variants.js";
import type { AlgorithmChoice, PlannedConvolutions } from "../../lib/plan/algorithm.js";
import { lower } from "../../lib/plan/operations.js";
import { makePlan } from "../../lib/plan/plan.js";

const network = defineNetwork({
  name: "choices",
  input: [8, 20, 20],
  layers: [
    // reads 8 channels: too few
    { type: "convolution", name: "narrow", outChannels: 32, kernel: 3 },
    // 13 x 13, which Winograd cannot compute
    { type: "convolution", name: "large", outChannels: 32, kernel: 13 },
    // one tile for 4 x 4 outputs
    { type: "convolution", name: "fitting", outChannels: 64, kernel: 3 },
    // one tile for 2 x 2 outputs: 49 multiplications in place of 36
    { type: "convolution", name: "wasteful", outChannels: 64, kernel: 3 },
    { type: "convolution", name: "padded", outChannels: 64, kernel: 3, padding: 2 },
  ],
});

const choicesOf = (convolutions: PlannedConvolutions): Record<string, AlgorithmChoice> =>
  Object.fromEntries(
    lower(network, convolutions).operations.flatMap((operation) =>
      operation.kind === "convolution" ? [[operation.layer.name, operation.choice]] : [],
    ),
  );

const algorithmsOf = (convolutions: PlannedConvolutions): string[] =>
  Object.values(choicesOf(convolutions)).map(({ algorithm }) => algorithm);

describe("algorithms of convolutions", () => {
  it("by the rule take Winograd where it saves enough, on enough channels", () => {
    expect(algorithmsOf("rule")).to.deep.equal(["direct", "direct", "winograd", "direct", "winograd"]);
    const { large, fitting, wasteful } = choicesOf("rule");
    expect(large.reason).to.deep.equal({ kind: "only" });
    expect(fitting.reason).to.deep.equal({ kind: "rule", share: 49 / (9 * 16) });
    expect(wasteful.reason).to.deep.equal({ kind: "rule", share: 49 / (9 * 4) });
  });

  it("are forced for all layers where that is possible, or for one by name", () => {
    expect(algorithmsOf("direct")).to.deep.equal(Array(5).fill("direct"));
    expect(algorithmsOf("winograd")).to.deep.equal([
      "winograd",
      "direct",
      ...Array<string>(3).fill("winograd"),
    ]);
    const choices = choicesOf({ narrow: "winograd", fitting: "direct" });
    expect(choices.narrow).to.deep.equal({ algorithm: "winograd", reason: { kind: "forced" } });
    expect(choices.fitting).to.deep.equal({ algorithm: "direct", reason: { kind: "forced" } });
    expect(choices.wasteful.reason.kind).to.equal("rule");
  });

  it("follow times only where these differ by more than a tenth from the rule's", () => {
    const chosen = (direct: number, winograd: number) =>
      ["narrow", "fitting"].map((name) => choicesOf({ [name]: { direct, winograd } })[name].algorithm);
    // by the rule narrow is direct, fitting Winograd's
    expect(chosen(2, 1)).to.deep.equal(["winograd", "winograd"]);
    expect(chosen(1, 2)).to.deep.equal(["direct", "direct"]);
    expect(chosen(1, 0.91)).to.deep.equal(["direct", "winograd"]);
    expect(chosen(0.91, 1)).to.deep.equal(["direct", "winograd"]);
    expect(chosen(1, 0.89)).to.deep.equal(["winograd", "winograd"]);
    expect(chosen(0.89, 1)).to.deep.equal(["direct", "direct"]);
    expect(choicesOf({ fitting: { direct: 1, winograd: 2 } }).fitting.reason).to.deep.equal({
      kind: "measured",
      times: { direct: 1, winograd: 2 },
    });
  });

  it("are refused where they are unknown, or cannot compute the layer", () => {
    const layers = "narrow, large, fitting, wasteful, padded";
    const rule = `it must be one of rule, direct, winograd, or name layers of ${layers}`;
    const cases: [convolutions: unknown, text: string][] = [
      ["fft", `convolutions: got "fft"; ${rule}`],
      [null, `convolutions: got null; ${rule}`],
      [{ conv9: "direct" }, `convolutions: got "conv9"; ${rule}`],
      [{ fitting: "fft" }, 'convolutions: fitting: got "fft"; it must be direct or winograd'],
      [{ fitting: { direct: 1 } }, 'convolutions: fitting: got {"direct":1}; it must be direct or winograd'],
      [
        { large: "winograd" },
        'convolutions: large: got "winograd"; it computes square filters of 3 x 3 or 5 x 5 with stride 1 (of the' +
          " network's input, filters of 3 or 5 strides), channels of a tower in multiples of 8; leave it direct",
      ],
    ];
    for (const [convolutions, text] of cases)
      expect(() =>
        makePlan({
          network,
          tile: KERNEL_SETS.wide,
          threads: 1,
          maxBatch: 1,
          convolutions: convolutions as PlannedConvolutions,
        }),
      )
        .to.throw(text)
        .with.property("code", "OPTION_INVALID");
  });

  it("take Winograd for every convolution of caffenet, whose shares are those of its tiles", () => {
    const shares = lower(networks.caffenet(), "rule").operations.flatMap((operation) =>
      operation.kind === "convolution" && operation.choice.reason.kind === "rule"
        ? [operation.choice.reason.share]
        : [],
    );
    // conv1: 11 x 11 tiles of 16 blocks for 55 x 55 outputs of 121 products; conv2: 9 x 9 tiles for 27 x 27 of 25
    const [first, second] = [(49 * 121 * 16) / (121 * 55 * 55), (49 * 81) / (25 * 27 * 27)];
    const others = (49 * 9) / (9 * 13 * 13);
    expect(shares).to.deep.equal([first, second, others, others, others]);
  });
});

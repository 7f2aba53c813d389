/** What the program takes of a machine's memory. */
import { expect } from "chai";
import { peakMemoryOf } from "../../benchmarks/commands/command.js";
import { samples, withFolder } from "../scoring/small.js";
import { alexnet, MAIN } from "./command.js";

/** Bytes of the weights of a full network, as float32. */
const WEIGHTS = 4 * 60_965_224;
/** Bytes: the weights once, and little besides. */
const MOST = 480e6;

describe("memory", () => {
  it(`scoring with a full network at batch 1 peaks below ${MOST / 1e6} MB`, () =>
    withFolder(async (folder) => {
      const weights = `${folder}/caffenet.safetensors`;
      const made = await alexnet(["init", "--model", "caffenet", "--seed", "1", "--out", weights]);
      expect(made.code, made.stderr).to.equal(0);
      const peak = await peakMemoryOf([
        MAIN,
        "score",
        ...samples,
        "--batch",
        "1",
        "--threads",
        "2",
        "--weights",
        weights,
      ]);
      expect(peak).to.be.above(WEIGHTS).and.below(MOST);
    }));
});

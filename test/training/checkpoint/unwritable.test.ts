import { join } from "node:path";
import { expect } from "chai";
import { loadCheckpoint } from "../../../lib/training/checkpoint/load.js";
import { saveCheckpoint } from "../../../lib/training/checkpoint/save.js";
import type { CheckpointState } from "../../../lib/training/checkpoint/state.js";
import { runFiles } from "../../../lib/training/run-folder.js";
import { expectError, inFolder } from "../../weights/helpers/files.js";
import { constantState } from "./states.js";

describe("checkpoint that cannot be written", () => {
  /** One whose last velocity is a NaN. */
  function diverged(step: number): CheckpointState {
    const state = constantState(step, 1, 1);
    const velocities = [...state.velocities];
    velocities[velocities.length - 1] = {
      ...velocities[velocities.length - 1],
      values: Float32Array.from({ length: 14 }, (_, at) => (at === 5 ? NaN : at)),
    };
    return { ...state, velocities };
  }
  const text = (step: number, at: string, value: number, kept: string) =>
    `FILE: at step ${step} ${at} is ${value}; every value of a checkpoint must be finite: the training diverged; ${kept};` +
    " start another run with a lower learning rate (--lr)";

  it("since the training diverged, and the one before stays", () =>
    inFolder(async (folder) => {
      const { checkpoint } = runFiles(folder);
      const refused = (state: CheckpointState, message: string) =>
        expectError(saveCheckpoint(folder, state), "CHECKPOINT_UNWRITABLE", message, checkpoint);
      const at = "element 5 of velocity.fc2.bias";
      await refused(diverged(6), text(6, at, NaN, "there is none before it"));
      await saveCheckpoint(folder, constantState(7, 1, 1));
      await refused(diverged(8), text(8, at, NaN, "the one of step 7 is kept"));
      const state = constantState(9, 1, 1);
      await refused(
        { ...state, position: { ...state.position, sums: { loss: Infinity } } },
        text(9, "the sum of loss", Infinity, "the one of step 7 is kept"),
      );
      expect((await loadCheckpoint(folder)).position.step).to.equal(7);
    }));

  it("since the folder is not there", () =>
    inFolder((folder) =>
      expectError(
        saveCheckpoint(join(folder, "none"), constantState(1, 1, 1)),
        "CHECKPOINT_UNWRITABLE",
        /^FILE: the checkpoint of step 1 cannot be written \(ENOENT: .*\); there is none before it; check the folder, its permissions and its free space$/,
        join(folder, "none", "checkpoint.safetensors"),
      ),
    ));

  it("since the trainer gave a tensor of another size, or left one out", () =>
    inFolder(async (folder) => {
      const messageOf = async (state: CheckpointState) => {
        try {
          await saveCheckpoint(folder, state);
        } catch (error) {
          return (error as Error).message;
        }
        return "";
      };
      const state = constantState(1, 1, 1);
      const [first, ...others] = [...state.weights];
      expect(await messageOf({ ...state, weights: others })).to.equal(
        "checkpoint: conv1.weight is [not there], must be [8,3,3,3]",
      );
      expect(await messageOf({ ...state, velocities: [] })).to.equal(
        "checkpoint: velocity.conv1.weight is [not there], must be [8,3,3,3]",
      );
      for (const length of [215, 217]) {
        const weights = [{ ...first, values: new Float32Array(length) }, ...others];
        expect(await messageOf({ ...state, weights })).to.equal(
          `checkpoint: conv1.weight has 216 elements, and its pieces have ${length}`,
        );
      }
    }));
});

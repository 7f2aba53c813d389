import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { saveCheckpoint } from "../../lib/training/checkpoint/save.js";
import { openRunFolder, runFiles } from "../../lib/training/run-folder.js";
import { expectError, inFolder } from "../weights/helpers/files.js";
import { constantState } from "./checkpoint/states.js";

describe("folder of a run", () => {
  const TAKEN =
    "a new run needs a folder of its own; finish that one with --resume, or give another folder with --out";

  it("is made for a new run, and none is written over", () =>
    inFolder(async (parent) => {
      const folder = join(parent, "a", "b");
      await openRunFolder(folder, { resume: false });
      await openRunFolder(folder, { resume: false });
      const { metrics, checkpoint } = runFiles(folder);
      await writeFile(metrics, "");
      await expectError(
        openRunFolder(folder, { resume: false }),
        "RUN_INVALID",
        `${folder}: it holds a run already (${metrics}); ${TAKEN}`,
      );
      await saveCheckpoint(folder, constantState(1, 1, 1));
      await expectError(
        openRunFolder(folder, { resume: false }),
        "RUN_INVALID",
        `${folder}: it holds a run already (${checkpoint}); ${TAKEN}`,
      );
      await openRunFolder(folder, { resume: true });
    }));

  it("that cannot be used is told", () =>
    inFolder(async (parent) => {
      const file = join(parent, "file");
      await writeFile(file, "");
      await expectError(
        openRunFolder(file, { resume: false }),
        "RUN_INVALID",
        /^FILE: the folder of the run cannot be used \(EEXIST: .*\); check the path and its permissions$/,
        file,
      );
      const none = join(parent, "none");
      await expectError(
        openRunFolder(none, { resume: true }),
        "RUN_INVALID",
        /^FILE: the folder of the run cannot be used \(ENOENT: .*\); check the path and its permissions$/,
        none,
      );
    }));
});

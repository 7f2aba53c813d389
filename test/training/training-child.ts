/** A process of its own that trains in the folder it is given, for tests that kill it. */
import { createTrainer } from "../../lib/training/trainer.js";
import { smallRun } from "./small-run.js";

const [, , out, resume] = process.argv;
const trainer = await createTrainer({
  ...(await smallRun()),
  ...{ out, resume: resume === "resume", threads: 2, saveEvery: 0.001 },
});
process.send?.("ready");
await trainer.run();
await trainer.close();

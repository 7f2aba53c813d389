/**
 * A process that writes checkpoints until it is killed, as many as it is told, or until one fails: the values of the one
 * of step n are all n, and -n in the velocities. Tells on stdout each step that is written, and on stderr what failed.
 */
import { saveCheckpoint } from "../../../lib/training/checkpoint/save.js";
import { constantState } from "./states.js";

const [folder, first, count] = process.argv.slice(2);

try {
  for (let step = Number(first); step < Number(first) + Number(count); step++) {
    await saveCheckpoint(folder, constantState(step, step, -step));
    process.stdout.write(`${step}\n`);
  }
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

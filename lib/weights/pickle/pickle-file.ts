/** A pickle that lies in a file, of which a window is in memory at a time; long strings are passed over. */
import type { OpenFile, WeightFile } from "../file.js";
import { PickleInput } from "./pickle-input.js";
import { PickleRun } from "./pickle.js";
import type { PickleRules } from "./pickle-rules.js";
import type { PickleValue } from "./pickle-values.js";

/** Bytes that are read at a time. */
const WINDOW = 1 << 16;
/** Bytes that one opcode may want: GLOBAL's two names are the longest. */
const LONGEST_OPCODE = 1024;

/**
 * The value of the pickle that starts at byte `start` of the file, and the offset behind its STOP.
 * @param member what holds it, for messages
 * @throws AlexNetError WEIGHTS_INVALID naming the byte of the opcode that is wrong or refused.
 */
export async function readPickleAt(
  { source, size }: WeightFile,
  opened: OpenFile,
  member: string,
  start: number,
  rules: PickleRules,
): Promise<{ value: PickleValue; end: number }> {
  const input = new PickleInput(source, member, new Uint8Array(0), start, { size });
  const run = new PickleRun(input, rules);
  do {
    if (input.missing(LONGEST_OPCODE) > 0) {
      const window = new Uint8Array(input.missing(WINDOW));
      await opened.read(input.end, window);
      input.show(window);
    }
  } while (!run.step());
  return { value: run.finish(), end: input.end };
}

/** Commands as words: steps go into the shared memory once each, programs into the tasks. */
import { BARRIER, COMMAND_WORDS } from "../../workers/protocol.js";
import { KERNEL_NAMES, STEP_BYTES, writeStep, type Step } from "../../workers/steps.js";
import type { Command } from "./commands.js";
import type { MemoryLayout } from "./memory.js";

/** Writes the steps of a batch over those of the last one: no batch may be running. */
export function encode(
  { memory: { steps, stepCapacity } }: { readonly memory: Pick<MemoryLayout, "steps" | "stepCapacity"> },
  programs: readonly Command[][],
  memory: SharedArrayBuffer,
): Int32Array[] {
  const view = new DataView(memory);
  const addresses = new Map<Step, number>();
  const addressOf = (step: Step): number => {
    const known = addresses.get(step);
    if (known !== undefined) return known;
    if (addresses.size === stepCapacity) throw new RangeError("the plan has more steps than room for them");
    const address = steps + addresses.size * STEP_BYTES;
    writeStep(view, address, step);
    addresses.set(step, address);
    return address;
  };
  return programs.map((commands) => {
    const words = new Int32Array(commands.length * COMMAND_WORDS);
    commands.forEach((command, index) => {
      words.set(
        command === "barrier"
          ? [BARRIER]
          : [
              KERNEL_NAMES.indexOf(command.step.kernel),
              addressOf(command.step),
              command.inputImage,
              command.outputImage,
              command.operation,
            ],
        index * COMMAND_WORDS,
      );
    });
    return words;
  });
}

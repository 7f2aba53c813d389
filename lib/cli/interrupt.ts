/**
 * Ctrl-C ends the process at once where nothing is half done; where something is, the first one asks to stop at the
 * next good place, and only a second one ends the process.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Weights } from "../weights/index.js";
import { EXIT } from "./exit.js";

/** Thrown where work is given up because of Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** Ends the process with 130 on Ctrl-C, as long as no work is `interruptible`. */
export function exitOnInterrupt(): void {
  process.on("SIGINT", exitAtOnce);
}

function exitAtOnce(): void {
  process.stderr.write("alexnet: interrupted\n");
  process.exit(EXIT.interrupted);
}

/** Runs `work` with a signal that the first Ctrl-C aborts; after that the process exits with 130. */
export async function interruptible<T>(
  finishing: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    process.exitCode = EXIT.interrupted;
    process.stderr.write(`alexnet: interrupted, ${finishing}; once more to end at once\n`);
    controller.abort(new InterruptedError("interrupted"));
  };
  const exits = process.listeners("SIGINT").includes(exitAtOnce);
  process.off("SIGINT", exitAtOnce);
  process.on("SIGINT", onInterrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    // whoever passed it on may have said where it came through
    const { reason } = controller.signal as { reason: unknown };
    throw reason !== undefined && error instanceof Error && error.cause === reason ? reason : error;
  } finally {
    process.off("SIGINT", onInterrupt);
    if (exits) process.on("SIGINT", exitAtOnce);
  }
}

/** Milliseconds between turns of the event loop: a person who interrupts notices no more. */
const LONGEST_TURN = 50;

/**
 * The same weights, whose reading stops with the signal: so a file that is half written can be taken away. It lets
 * Ctrl-C be noticed, too: initial weights are computed, in one turn of the event loop unless something waits.
 */
export const stoppable = (weights: Weights, signal?: AbortSignal): Weights => ({
  ...weights,
  stream: (consume) =>
    weights.stream((read) => {
      let turned = performance.now();
      return consume(async (name, start, out) => {
        if (performance.now() - turned > LONGEST_TURN) {
          await nextTurn();
          turned = performance.now();
        }
        signal?.throwIfAborted();
        await read(name, start, out);
      });
    }),
});

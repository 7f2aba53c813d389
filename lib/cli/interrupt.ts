/** Ctrl-C: the first one asks to stop at the next good place, a second one ends the process at once. */
import type { Weights } from "../weights/index.js";
import { EXIT } from "./exit.js";

/** Thrown where work is given up because of Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
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
  process.on("SIGINT", onInterrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    // whoever passed it on may have said where it came through
    const { reason } = controller.signal as { reason: unknown };
    throw reason !== undefined && error instanceof Error && error.cause === reason ? reason : error;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/** The same weights, whose reading stops with the signal: so a file that is half written can be taken away. */
export const stoppable = (weights: Weights, signal: AbortSignal): Weights => ({
  ...weights,
  stream: (consume) =>
    weights.stream((read) =>
      consume((name, start, out) => {
        signal.throwIfAborted();
        return read(name, start, out);
      }),
    ),
});

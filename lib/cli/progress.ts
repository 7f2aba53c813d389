/** A progress bar with rate and time left, for a person at a terminal. */
import { clearLine, cursorTo } from "node:readline";

export interface Progress {
  /** Another so many are done. */
  advance(done: number): void;
  /** Runs `print`, which writes whole lines to the same terminal: the bar gives way and comes back below them. */
  above(print: () => Promise<void>): Promise<void>;
  stop(): void;
}

/** What a bar is written to; `columns` are looked at with every redraw. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

const NOTHING: Progress = {
  advance: () => undefined,
  above: (print) => print(),
  stop: () => undefined,
};

/** Where the cursor is becomes the place to which the bar returns it when it stops (DECSC). */
const SAVE_CURSOR = "\x1b7";

export interface ProgressOptions {
  /** What is counted; images where missing. */
  readonly unit?: string;
  /** What was done before, and says nothing of the rate. */
  readonly from?: number;
}

/** On stderr, and only where that is a terminal. */
export async function progressBar(
  total: number,
  stream: ProgressStream = process.stderr,
  { unit = "images", from: before = 0 }: ProgressOptions = {},
): Promise<Progress> {
  if (!stream.isTTY) return NOTHING;
  const { SingleBar } = await import("cli-progress");
  const bar = new SingleBar({
    format: `{bar} {value}/{total} ${unit}  {rate} ${unit}/s  {eta_formatted} left`,
    stream,
    etaBuffer: 100,
    // cut to the terminal's width by the bar: a terminal that is told not to wrap stays so if the process exits
    linewrap: true,
    // what is above the bar may have taken its line away
    forceRedraw: true,
    // Ctrl-C is for the command, which finishes its batch and then stops the bar
    gracefulExit: false,
  });
  const from = performance.now();
  let done = 0;
  bar.start(total, before, { rate: "-" });
  return {
    advance: (more) => {
      done += more;
      bar.update(before + done, { rate: ((done * 1000) / (performance.now() - from)).toFixed(1) });
    },
    above: async (print) => {
      cursorTo(stream, 0);
      clearLine(stream, 0);
      await print();
      bar.render();
    },
    stop: () => {
      // it started further up where lines were printed since
      stream.write(SAVE_CURSOR);
      bar.stop();
    },
  };
}

/** A progress bar with rate and time left, for a person at a terminal. */

export interface Progress {
  /** Another so many images are done. */
  advance(images: number): void;
  stop(): void;
}

/**
 * On stderr, and only where that is a terminal which is not full of rows already: `rowsOnTerminal` tells that the
 * rows go to stdout, and stdout may be that terminal.
 */
export async function progressBar(total: number, rowsOnTerminal: boolean): Promise<Progress> {
  if (!process.stderr.isTTY || rowsOnTerminal) return { advance: () => undefined, stop: () => undefined };
  const { SingleBar } = await import("cli-progress");
  const bar = new SingleBar({
    format: "{bar} {value}/{total} images  {rate} images/s  {eta_formatted} left",
    stream: process.stderr,
    etaBuffer: 100,
    // Ctrl-C is for the command, which finishes its batch and then stops the bar
    gracefulExit: false,
  });
  const from = performance.now();
  let done = 0;
  bar.start(total, 0, { rate: "-" });
  return {
    advance: (images) => {
      done += images;
      bar.update(done, { rate: ((done * 1000) / (performance.now() - from)).toFixed(1) });
    },
    stop: () => {
      bar.stop();
    },
  };
}

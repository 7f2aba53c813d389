/** How the program ends; 0 is that all was done. */
export const EXIT = {
  imagesFailed: 1,
  usage: 2,
  cannotRun: 3,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
  /** 128 + SIGPIPE: the reader of stdout went away. */
  brokenPipe: 141,
} as const;

/** Tells how many images failed, if any did; an exit code that is set already stays. */
export function tellFailed(failed: number, images: number): void {
  if (failed === 0) return;
  process.stderr.write(`alexnet: ${failed} of ${images} images failed; their rows say why\n`);
  process.exitCode ??= EXIT.imagesFailed;
}

import { expect } from "chai";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { progressBar, type ProgressStream } from "../../lib/cli/progress.js";

/** To the beginning of the line, as the bar writes it. */
const LINE_START = "\x1b[1G";
const CLEAR_LINE = "\x1b[2K";
const SAVE_CURSOR = "\x1b7";

/** What a stream was given, and a terminal of so many columns that gives it. */
function terminal(columns: number): { readonly stream: ProgressStream; readonly written: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns });
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, written: () => Buffer.concat(chunks).toString() };
}

/** The states of a line that is written over and over. */
const statesOf = (written: string): string[] =>
  written.replaceAll(LINE_START, "\n").split("\n").map(stripVTControlCharacters);

describe("progress bar", () => {
  it("shows on a terminal how far it is, the rate and the time left", async () => {
    const { stream, written } = terminal(120);
    const progress = await progressBar(8, stream);
    progress.advance(2);
    progress.advance(4);
    progress.stop();
    const states = statesOf(written());
    expect(states).to.include(`${"-".repeat(40)} 0/8 images  - images/s  0s left`);
    const last = states.filter((state) => state !== "").at(-1);
    expect(last).to.match(/^={30}-{10} 6\/8 images {2}\d+\.\d images\/s {2}\d+s left$/);
    expect(written().endsWith("\n")).to.equal(true);
  });

  it("counts something else than images, from where it was before", async () => {
    const { stream, written } = terminal(120);
    const progress = await progressBar(8, stream, { unit: "MB", from: 4 });
    progress.advance(2);
    progress.stop();
    const last = statesOf(written())
      .filter((state) => state !== "")
      .at(-1);
    expect(last).to.match(/^={30}-{10} 6\/8 MB {2}\d+\.\d MB\/s {2}\d+s left$/);
  });

  it("leaves the terminal's settings as they are, and keeps to its width", async () => {
    const { stream, written } = terminal(30);
    const progress = await progressBar(1000, stream);
    progress.advance(999);
    progress.stop();
    for (const state of statesOf(written())) expect(state.length, state).to.be.at.most(30);
    // modes of the terminal, such as wrapping and the cursor's
    expect(written()).to.not.include("\x1b[?");
  });

  it("gives way to lines above it, and comes back below them", async () => {
    const { stream, written } = terminal(120);
    const progress = await progressBar(2, stream);
    for (const row of ["one", "two"]) {
      await progress.above(() => {
        stream.write(`${row}\n`);
        return Promise.resolve();
      });
      progress.advance(1);
    }
    progress.stop();
    for (const row of ["one", "two"]) {
      const [before, after] = written().split(`${row}\n`);
      expect(before.endsWith(LINE_START + CLEAR_LINE), JSON.stringify(before)).to.equal(true);
      expect(after.startsWith(LINE_START), JSON.stringify(after)).to.equal(true);
      expect(stripVTControlCharacters(after)).to.match(/^[=-]{40} \d\/2 images/);
    }
    // the place to which stopping returns is below the rows
    expect(written().lastIndexOf(SAVE_CURSOR)).to.be.above(written().lastIndexOf("two\n"));
  });

  it("writes nothing to a pipe", async () => {
    const stream = new PassThrough();
    const progress = await progressBar(2, stream);
    let printed = 0;
    await progress.above(() => {
      printed++;
      return Promise.resolve();
    });
    progress.advance(2);
    progress.stop();
    expect([printed, stream.read()]).to.deep.equal([1, null]);
  });
});

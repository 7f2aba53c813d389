import { expect } from "chai";
import { existsSync } from "node:fs";
import { peakMemoryOf, timeCommand } from "../../../benchmarks/commands/command.js";
import { startNode } from "../../cli/command.js";

/** A program in a line. */
const program = (source: string): string[] => ["-e", source];

describe("benchmarks: commands", () => {
  it("the first output comes before the end, and all of stdout is kept", async () => {
    const timed = await timeCommand(
      program('process.stdout.write("a"); setTimeout(() => process.stdout.write("b"), 100)'),
    );
    expect(timed.stdout).to.equal("ab");
    expect(timed.firstOutput).to.be.greaterThan(0).and.lessThan(timed.whole);
  });

  it("a program that prints nothing has no first output", async () => {
    expect((await timeCommand(program(""))).firstOutput).to.equal(undefined);
  });

  it("a program that fails is an error with its stderr", async () => {
    const failing = program('console.error("what went wrong"); process.exitCode = 4');
    for (const run of [timeCommand, peakMemoryOf]) {
      const outcome = await run(failing).then(
        () => "no error",
        (error: unknown) => String(error),
      );
      expect(outcome)
        .to.match(/ended with 4/)
        .and.to.contain("what went wrong");
    }
  });

  it("peak memory counts what a program had and gave back, and nothing of its parent's", async () => {
    // resident in this process, whose children shall not be charged with it
    const held = Buffer.alloc(400e6, 1);
    const small = await peakMemoryOf(program(""));
    const large = await peakMemoryOf(
      program("let b = Buffer.alloc(200e6, 1); b = null; globalThis.gc?.(); setTimeout(() => {}, 50)"),
    );
    expect(held[held.length - 1]).to.equal(1);
    expect(small).to.be.greaterThan(10e6).and.lessThan(200e6);
    expect(large - small).to.be.closeTo(200e6, 30e6);
  });

  it("a temporary folder is gone when the process exits, also in the middle", async () => {
    const module = new URL("../../../benchmarks/commands/temporary-folder.js", import.meta.url).href;
    const source = `
      import { withTemporaryFolder } from ${JSON.stringify(module)};
      import { writeFileSync } from "node:fs";
      await withTemporaryFolder(async (folder) => {
        writeFileSync(folder + "/file", "");
        process.stdout.write(folder, () => process.exit(7));
        await new Promise((resolve) => setTimeout(resolve, 10_000));
      });`;
    const { ended } = startNode(["--input-type=module", "-e", source], "");
    const { code, stdout } = await ended;
    expect(code).to.equal(7);
    expect(stdout).to.contain("alexnet-threads-bench-");
    expect(existsSync(stdout)).to.equal(false);
  });
});

import { spawnSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { LockFile, takeAway } from "../../lib/fetch/lock-file.js";
import { expectError, inFolder } from "../weights/helpers/files.js";

/** A process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ["--version"]).pid;

const inLockFolder = (use: (lock: string, folder: string) => Promise<void>): Promise<void> =>
  inFolder((folder) => use(join(folder, "lock"), folder));

describe("lock of a file", () => {
  it("is taken by one at a time, and gone when it is released", () =>
    inLockFolder(async (path, folder) => {
      const lock = await LockFile.take(path, "f");
      await expectError(
        LockFile.take(path, "f"),
        "FETCH_FAILED",
        `f: process ${process.pid} on ${hostname()} is fetching it; wait until that is done; where there is no such` +
          " process, remove FILE",
        path,
      );
      await lock.release();
      expect(await readdir(folder)).to.deep.equal([]);
      await (await LockFile.take(path, "f")).release();
    }));

  it("of a dead process is taken over, by one of many that want it at once", () =>
    inLockFolder(async (path, folder) => {
      const content = JSON.stringify({ pid: deadPid(), host: hostname() });
      for (let round = 0; round < 20; round++) {
        await writeFile(path, content);
        const wanted = Array.from({ length: 20 }, () => LockFile.take(path, "f"));
        const outcomes = await Promise.allSettled(wanted);
        const taken = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
        expect(taken).to.have.length(1);
        for (const outcome of outcomes)
          if (outcome.status === "rejected") expect(outcome.reason).to.have.property("code", "FETCH_FAILED");
        await taken[0].release();
        expect(await readdir(folder)).to.deep.equal([]);
      }
    }));

  for (const [what, content, holder] of [
    [
      "of another host, where nobody can tell",
      `{"pid":${deadPid()},"host":"elsewhere"}`,
      /^f: process \d+ on elsewhere is/,
    ],
    ["that is not written yet", "", /^f: another process is/],
    ["that says nothing", "{}", /^f: another process is/],
    ["that is damaged", "null", /^f: another process is/],
  ] as const)
    it(`${what} is left alone`, () =>
      inLockFolder(async (path) => {
        await writeFile(path, content);
        await expectError(LockFile.take(path, "f"), "FETCH_FAILED", holder);
      }));

  it("that was a dead process's, and is another one's by now, is not taken away", () =>
    inLockFolder(async (path, folder) => {
      await LockFile.take(path, "f");
      await takeAway(path, { pid: deadPid(), host: hostname() }, "f");
      expect(await readdir(folder)).to.deep.equal(["lock"]);
    }));

  it("of a dead process that another one is taking away is left alone", () =>
    inLockFolder(async (path, folder) => {
      const pid = deadPid();
      await writeFile(path, JSON.stringify({ pid, host: hostname() }));
      await writeFile(`${path}.${pid}`, "");
      await expectError(
        LockFile.take(path, "f"),
        "FETCH_FAILED",
        `f: another process is fetching it; wait until that is done; where there is no such process, remove FILE.${pid}`,
        path,
      );
      expect(await readdir(folder)).to.have.length(2);
    }));
});

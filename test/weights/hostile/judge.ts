/**
 * Reads hostile files in a process of its own and holds each to what is promised of every weight file: one clear error,
 * or numbers, within a second and 200 MB. The memory is that of the whole process at its highest.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { LONGEST, MOST_MEMORY } from "../../fuzz/reading.js";
import { inFolder } from "../helpers/files.js";
import type { Format } from "./formats.js";
import type { Ending, ReadReport, ReadTask } from "./reader.js";

/** Characters of a message, without the path: one of tensors that do not fit names twenty of them. */
const LONGEST_MESSAGE = 2000;

/** A file that is mostly zeros, which take no room on the disk: bytes by their offset. */
export interface SparseFile {
  readonly size: number;
  readonly parts: readonly (readonly [offset: number, bytes: Uint8Array])[];
}
export type HostileFile = Uint8Array | SparseFile;

/** A file that must end in this error; made when its test runs. */
export type HostileCase = readonly [
  format: Format,
  what: string,
  file: () => HostileFile,
  message: string | RegExp,
];

/** A suite of such files. */
export function itRefuses(title: string, cases: readonly HostileCase[]): void {
  describe(title, () => {
    const judge = Judge.ofSuite();
    for (const [format, what, file, message] of cases)
      it(`${format}: ${what}`, () => judge.refuses(file(), message));
  });
}

export class Judge {
  #reader: ChildProcess | undefined;

  /** Reads files in one process, from before the first test of a suite to behind its last one. */
  static ofSuite(): Judge {
    const judge = new Judge();
    before(() => {
      // with both of them Node warns, which is no fault of a file
      const env = { ...process.env };
      delete env.NO_COLOR;
      delete env.FORCE_COLOR;
      judge.#reader = fork(new URL("./reader.js", import.meta.url), { execArgv: ["--expose-gc"], env });
    });
    after(() => judge.#reader?.kill());
    return judge;
  }

  /** That the file ends in just this error. FILE in a text stands for its path; a pattern is one of the whole text. */
  refuses(file: HostileFile, text: string | RegExp, code = "WEIGHTS_INVALID"): Promise<void> {
    return written(file, async (path) => {
      const [ending] = await this.#read({ path, whole: false });
      checkError(ending, path);
      expect(ending.code, ending.message).to.equal(code);
      const message = ending.message.replaceAll(path, "FILE");
      if (typeof text === "string") expect(message).to.equal(text);
      else expect(message).to.match(text);
    });
  }

  /** That the file is read, however odd it is. */
  reads(file: HostileFile): Promise<void> {
    return written(file, async (path) => {
      const [ending] = await this.#read({ path, whole: false });
      expect(ending.code, ending.message).to.equal("read");
    });
  }

  /**
   * That the file is refused at every length that is shorter than its own.
   * @param place what each message must name
   */
  refusesCuts(file: Uint8Array, place: RegExp): Promise<void> {
    return written(file, async (path) => {
      const endings = await this.#read({ path, whole: true, cutFrom: file.length - 1 });
      expect(endings).to.have.length(file.length);
      for (const [index, ending] of endings.entries()) {
        checkError(ending, path);
        expect(ending.message, `cut to ${file.length - 1 - index} bytes`).to.match(place);
      }
    });
  }

  async #read(task: ReadTask): Promise<readonly Ending[]> {
    const reader = this.#reader;
    if (reader === undefined) throw new Error("a judge reads in the tests of its suite");
    reader.send(task);
    const report = await answerOf(reader, task);
    expect(report.stray, "what nobody waited for").to.deep.equal([]);
    expect(report.grown, "bytes above the baseline").to.be.below(MOST_MEMORY);
    for (const { took } of report.endings) expect(took, "milliseconds").to.be.below(LONGEST);
    return report.endings;
  }
}

/** The next report, or an error where the process ends first; one that hangs meets mocha's limit. */
async function answerOf(reader: ChildProcess, { path }: ReadTask): Promise<ReadReport> {
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(reader, "exit", { signal }).then(([code]) => {
    throw new Error(`${path}: the reader ended with ${String(code)}`);
  });
  try {
    const [report] = (await Promise.race([once(reader, "message", { signal }), ended])) as [ReadReport];
    return report;
  } finally {
    answered.abort();
  }
}

function checkError({ code, message }: Ending, path: string): void {
  expect(code, message).to.match(/^(WEIGHTS|NETWORK)_/);
  expect(message.startsWith(`${path}: `), message).to.be.true;
  expect(message).to.not.match(/[\n\r]/);
  expect(message.length - path.length, message).to.be.at.most(LONGEST_MESSAGE);
}

const written = <T>(file: HostileFile, use: (path: string) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    const path = join(folder, "w");
    if (file instanceof Uint8Array) await writeFile(path, file);
    else {
      const handle = await open(path, "w");
      await handle.truncate(file.size);
      for (const [offset, bytes] of file.parts) await handle.write(bytes, 0, bytes.length, offset);
      await handle.close();
    }
    return use(path);
  });

import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { openOutput } from "../../lib/scoring/output.js";
import { isFailed, type Row } from "../../lib/scoring/rows.js";
import { OUTPUT_FORMATS, rowWriter, type Columns, type OutputFormat } from "../../lib/scoring/writers.js";
import { PATHS, rows, scored } from "./rows.js";
import { errorOf, refusalOf, withFolder } from "./small.js";

const PLAIN: Columns = { topK: 2, logits: false };

const textOf = (format: OutputFormat, columns: Columns, all: readonly Row[]): Buffer => {
  const writer = rowWriter(format, columns);
  return Buffer.from(writer.header + writer.format(all));
};

/** Opens, writes those of `all` that are not done, and closes; gives the paths that were. */
async function finish(path: string, format: OutputFormat, columns: Columns, all: readonly Row[]) {
  const output = await openOutput(path, format, columns, { resume: true });
  try {
    const missing = all.filter((row) => row.path === null || !output.done.has(row.path));
    await output.write(missing.slice(0, 4));
    await output.write(missing.slice(4));
    return output;
  } finally {
    await output.close();
  }
}

for (const format of OUTPUT_FORMATS)
  describe(`openOutput, ${format}`, () => {
    for (const resume of [false, true])
      for (const there of ["new", "empty"])
        it(`writes a file that is ${there}, ${resume ? "resuming" : "not resuming"}`, () =>
          withFolder(async (folder) => {
            const path = `${folder}/out`;
            if (there === "empty") await writeFile(path, "");
            const output = await openOutput(path, format, PLAIN, { resume });
            expect(output.done).to.deep.equal(new Set());
            const all = rows(2);
            await output.write(all.slice(0, 5));
            await output.write([]);
            await output.write(all.slice(5));
            await output.close();
            expect(await readFile(path, "utf8")).to.equal(textOf(format, PLAIN, all).toString());
          }));

    for (const [what, columns, logits] of [
      ["plain rows", PLAIN, undefined],
      ["rows with logits", { topK: 1, logits: true }, [0.5, -2]],
    ] as const)
      it(`a file of ${what}, cut at any length, is finished with every row exactly once`, () =>
        withFolder(async (folder) => {
          const all = rows(columns.topK, logits).slice(0, 8);
          const whole = textOf(format, columns, all);
          const ends = all.map((_, index) => textOf(format, columns, all.slice(0, index + 1)).length);
          for (let length = 0; length <= whole.length; length++) {
            const path = `${folder}/out`;
            await writeFile(path, whole.subarray(0, length));
            const { done, failed } = await finish(path, format, columns, all);
            const survived = PATHS.slice(0, 8).filter((_, index) => ends[index] <= length);
            expect([...done], `cut at ${length}`).to.deep.equal(survived);
            const failures = survived.filter((_, index) => isFailed(all[index]));
            expect([...failed], `cut at ${length}`).to.deep.equal(failures);
            expect((await readFile(path)).equals(whole), `cut at ${length}`).to.equal(true);
          }
        }));

    it("a file of several megabytes, whose rows lie across what is read at a time", () =>
      withFolder(async (folder) => {
        const path = `${folder}/out`;
        const all = Array.from({ length: 30_000 }, (_, n) => scored(`${"\n\"'é".repeat(n % 9)}${n}.jpg`, 2));
        const whole = textOf(format, PLAIN, all);
        expect(whole.length).to.be.greaterThan(2 * 2 ** 20);
        for (const length of [2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, whole.length - 1, whole.length]) {
          await writeFile(path, whole.subarray(0, length));
          await finish(path, format, PLAIN, all);
          expect((await readFile(path)).equals(whole), `cut at ${length}`).to.equal(true);
        }
      }));

    it("refuses a file that holds something, where it is not to be resumed, and leaves it as it is", () =>
      withFolder(async (folder) => {
        const path = `${folder}/out`;
        await writeFile(path, "precious");
        expect(await refusalOf(openOutput(path, format, PLAIN))).to.deep.equal([
          "OUTPUT_INVALID",
          `${path}: the file exists with 8 bytes; an output must be new or empty; finish it with --resume` +
            " (`resume: true`), or remove it",
        ]);
        expect(await readFile(path, "utf8")).to.equal("precious");
      }));

    it("refuses a folder, and a folder that is not there", () =>
      withFolder(async (folder) => {
        expect(await refusalOf(openOutput(folder, format, PLAIN, { resume: true }))).to.deep.equal([
          "OUTPUT_INVALID",
          `${folder}: it is not a regular file, which alone can be resumed; give the path of a file`,
        ]);
        const [code, message] = await refusalOf(openOutput(folder, format, PLAIN));
        expect(code).to.equal("OUTPUT_INVALID");
        expect(message).to.match(/: the output cannot be read or written \(EISDIR: /);
        const missing = `${folder}/missing/out`;
        expect((await refusalOf(openOutput(missing, format, PLAIN)))[1]).to.equal(
          `${missing}: the output cannot be read or written (ENOENT: no such file or directory, open '${missing}');` +
            " check the folder, its permissions and its free space; what is there can be finished with --resume" +
            " (`resume: true`)",
        );
      }));

    const itHasFull = existsSync("/dev/full") ? it : undefined;
    itHasFull?.("a full disk fails the write, and every later one", async () => {
      const write = async () => {
        const output = await openOutput("/dev/full", format, PLAIN);
        try {
          const first = await refusalOf(output.write([scored("a", 2)]));
          expect(await refusalOf(output.write([]))).to.deep.equal(first);
          return first;
        } finally {
          await output.close();
        }
      };
      // the header of CSV is written when the file is opened
      const [code, message] = format === "csv" ? await refusalOf(write()) : await write();
      expect(code).to.equal("OUTPUT_INVALID");
      expect(message).to.match(/^\/dev\/full: the output cannot be read or written \(ENOSPC: /);
    });

    it("rows of several writes are whole lines at any moment between them", () =>
      withFolder(async (folder) => {
        const path = `${folder}/out`;
        const output = await openOutput(path, format, PLAIN);
        const all = rows(2);
        for (const [index, row] of all.entries()) {
          await output.write([row]);
          expect((await stat(path)).size).to.equal(textOf(format, PLAIN, all.slice(0, index + 1)).length);
        }
        await output.close();
      }));
  });

const HINT =
  "only an output of this program with the same options can be resumed; repeat them as they were, or give another" +
  " file";

describe("openOutput refuses to resume, and leaves as it is,", () => {
  const one = (format: OutputFormat, columns: Columns, logits?: readonly number[]) =>
    textOf(format, columns, [scored("a.jpg", columns.topK, logits)]).toString();
  const two = one("ndjson", PLAIN);
  const cases: readonly (readonly [what: string, text: string, format: OutputFormat, problem: string])[] = [
    ["CSV as NDJSON", one("csv", PLAIN), "ndjson", "record 1 is not JSON"],
    ["NDJSON as CSV", two, "csv", "record 1 is not CSV (Invalid Opening Quote: a quote is found on field 0"],
    ["text without a line feed as NDJSON", "a note", "ndjson", "record 1 is not the beginning of a row"],
    ["text without a line feed as CSV", "a note", "csv", "record 1 is not the beginning of the header"],
    ["text behind the rows as NDJSON", `${two}a note`, "ndjson", "record 2 is not the beginning of a row"],
    ["an empty line as NDJSON", `${two}\n`, "ndjson", "record 2 is not JSON"],
    ["a number as NDJSON", "5\n", "ndjson", "record 1 has no path"],
    ["null as NDJSON", "null\n", "ndjson", "record 1 has no path"],
    ["another object as NDJSON", '{"path":"a.jpg"}\n', "ndjson", "record 1 has neither top nor error"],
    [
      "NDJSON of three classes",
      two + one("ndjson", { topK: 3, logits: false }),
      "ndjson",
      "record 2 has 3 classes; it must have 2, as topK says",
    ],
    [
      "NDJSON of classes without probabilities",
      two.replaceAll("probability", "chance"),
      "ndjson",
      "record 1 has a class without index, label and probability",
    ],
    [
      "NDJSON with logits",
      one("ndjson", { topK: 2, logits: true }, [1]),
      "ndjson",
      "record 1 has logits; this run writes rows without them",
    ],
    [
      "CSV of three classes",
      one("csv", { topK: 3, logits: false }),
      "csv",
      "record 1 has 12 fields; it must have 9",
    ],
    [
      "CSV with logits",
      one("csv", { topK: 2, logits: true }, [1]),
      "csv",
      "record 1 has 10 fields; it must have 9",
    ],
    [
      "CSV of another program",
      "path,a,b,c,d,e,f,g,h\n",
      "csv",
      "record 1 has the column a; it must be index_1",
    ],
    [
      "CSV with a short record",
      `${one("csv", PLAIN)}b.jpg\n`,
      "csv",
      "record 3 has 1 fields; it must have 9",
    ],
  ];
  for (const [what, text, format, problem] of cases)
    it(what, () =>
      withFolder(async (folder) => {
        const path = `${folder}/out`;
        await writeFile(path, text);
        const [code, message] = await refusalOf(openOutput(path, format, PLAIN, { resume: true }));
        expect(code).to.equal("OUTPUT_INVALID");
        expect(message.startsWith(`${path}: ${problem}`), message).to.equal(true);
        expect(message.endsWith(`; ${HINT}`), message).to.equal(true);
        expect(await readFile(path, "utf8")).to.equal(text);
      }),
    );

  for (const format of OUTPUT_FORMATS)
    it(`${format} of other labels, where this run has any`, () =>
      withFolder(async (folder) => {
        const path = `${folder}/out`;
        const columns: Columns = { topK: 1, logits: false };
        await writeFile(path, one(format, columns));
        const open = (labels: readonly string[] | null) =>
          openOutput(path, format, { ...columns, labels }, { resume: true });
        const record = format === "csv" ? 2 : 1;
        for (const labels of [["dog"], null])
          expect(await refusalOf(open(labels))).to.deep.equal([
            "OUTPUT_INVALID",
            `${path}: record ${record} has the label "cat" for class 0; this run has ` +
              `${labels === null ? "null" : '"dog"'}; ${HINT}`,
          ]);
        const output = await open(["cat"]);
        await output.close();
        expect(output.first).to.deep.equal(scored("a.jpg", 1));
      }));

  it("what is not JSON, with what the parser says", () =>
    withFolder(async (folder) => {
      await writeFile(`${folder}/out`, "a note\n");
      const error = await errorOf(openOutput(`${folder}/out`, "ndjson", PLAIN, { resume: true }));
      expect((error as Error).cause).to.be.instanceOf(SyntaxError);
    }));

  it("NDJSON without logits, where this run writes them", () =>
    withFolder(async (folder) => {
      const path = `${folder}/out`;
      await writeFile(path, two);
      const resumed = openOutput(path, "ndjson", { topK: 2, logits: true }, { resume: true });
      expect(await refusalOf(resumed)).to.deep.equal([
        "OUTPUT_INVALID",
        `${path}: record 1 has no logits; this run writes rows with them; ${HINT}`,
      ]);
    }));

  it("a large file of another kind", () =>
    withFolder(async (folder) => {
      await mkdir(`${folder}/files`);
      const path = `${folder}/files/out`;
      const text = `path,${"x".repeat(3 * 2 ** 20)}`;
      await writeFile(path, text);
      for (const format of OUTPUT_FORMATS)
        expect((await refusalOf(openOutput(path, format, PLAIN, { resume: true })))[0]).to.equal(
          "OUTPUT_INVALID",
        );
      expect((await stat(path)).size).to.equal(text.length);
    }));

  it("a format that is not there", async () => {
    expect((await refusalOf(openOutput("never", "tsv" as OutputFormat, PLAIN)))[0]).to.equal(
      "OPTION_INVALID",
    );
    expect(existsSync("never")).to.equal(false);
  });
});

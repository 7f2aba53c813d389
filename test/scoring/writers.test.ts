import { expect } from "chai";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { Row } from "../../lib/scoring/rows.js";
import { csvColumns, rowWriter, type OutputFormat } from "../../lib/scoring/writers.js";
import { failed, PATHS, rows, scored } from "./rows.js";
import { refusalOf } from "./small.js";

const LOGITS = [1.5, -0.10000000149011612, 3e-45];

describe("rowWriter", () => {
  it("ndjson: an object a line, in the documented order of keys", () => {
    const writer = rowWriter("ndjson", { topK: 1, logits: true });
    expect(writer.header).to.equal("");
    expect(writer.format([scored("a\nb.jpg", 1, LOGITS), failed(null)])).to.equal(
      '{"path":"a\\nb.jpg","top":[{"index":0,"label":"cat","probability":0.30000000000000004}],' +
        '"logits":[1.5,-0.10000000149011612,3e-45]}\n' +
        '{"path":null,"error":{"code":"IMAGE_MISSING","message":"buffer: no such \\"file\\",\\nreally"}}\n',
    );
  });

  it("ndjson: every row reads back as it was", () => {
    const all: Row[] = [...rows(7, LOGITS), scored(null, 7, LOGITS), failed(null)];
    const lines = rowWriter("ndjson", { topK: 7, logits: true }).format(all).split("\n");
    expect(lines.pop()).to.equal("");
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal(all);
  });

  it("csv: a header, a column for each part of each class, then the error", () => {
    const writer = rowWriter("csv", { topK: 2, logits: false });
    expect(writer.header).to.equal(
      "path,index_1,label_1,probability_1,index_2,label_2,probability_2,error_code,error_message\n",
    );
    expect(writer.format([scored("a.jpg", 2), failed("b.jpg")])).to.equal(
      'a.jpg,0,cat,0.30000000000000004,7,"tench, ""Tinca tinca""",5e-324,,\n' +
        'b.jpg,,,,,,,IMAGE_MISSING,"b.jpg: no such ""file"",\nreally"\n',
    );
  });

  it("csv: logits are a JSON list in a column of their own", () => {
    const writer = rowWriter("csv", { topK: 1, logits: true });
    expect(writer.header).to.equal("path,index_1,label_1,probability_1,error_code,error_message,logits\n");
    expect(writer.format([scored("a.jpg", 1, LOGITS), failed("b.jpg")])).to.match(
      /^a\.jpg,0,cat,0\.30000000000000004,,,"\[1\.5,-0\.10000000149011612,3e-45\]"\nb\.jpg,,,,IMAGE_MISSING,".*really",\n$/s,
    );
  });

  it("csv: every cell reads back as it was", () => {
    const columns = { topK: 7, logits: false };
    const writer = rowWriter("csv", columns);
    const all = rows(7);
    const [header, ...records] = parse(writer.header + writer.format(all), { record_delimiter: "\n" });
    expect(header).to.deep.equal(csvColumns(columns));
    const expected = all.map((row) =>
      "top" in row
        ? [
            row.path,
            ...row.top.flatMap((c) => [String(c.index), c.label ?? "", String(c.probability)]),
            "",
            "",
          ]
        : [row.path, ...Array.from({ length: 21 }, () => ""), row.error.code, row.error.message],
    );
    expect(records).to.deep.equal(expected);
  });

  it("csv: a reader that takes any line ending sees the same records", () => {
    const writer = rowWriter("csv", { topK: 1, logits: false });
    const text = writer.header + writer.format(PATHS.map((path) => scored(path, 1)));
    const records = parse(text, { record_delimiter: ["\n", "\r\n", "\r"] });
    expect(records.slice(1).map(([path]) => path)).to.deep.equal(PATHS);
  });

  it("any path and any probability survive both formats", () => {
    const path = fc.string({ unit: "binary", minLength: 1 });
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    const columns = { topK: 1, logits: false };
    fc.assert(
      fc.property(path, probability, (name, value) => {
        const row: Row = { path: name, top: [{ index: 3, label: name, probability: value }] };
        expect(JSON.parse(rowWriter("ndjson", columns).format([row]))).to.deep.equal(
          JSON.parse(JSON.stringify(row)),
        );
        const [[first, , label, number]] = parse(rowWriter("csv", columns).format([row]), {
          record_delimiter: "\n",
        });
        expect([first, label, Number(number)]).to.deep.equal([name, name, value]);
      }),
    );
  });

  it("refuses another format", async () => {
    const work = () => rowWriter("tsv" as OutputFormat, { topK: 1, logits: false });
    expect(await refusalOf(work)).to.deep.equal([
      "OPTION_INVALID",
      'format: got "tsv"; it must be one of ndjson, csv',
    ]);
  });
});

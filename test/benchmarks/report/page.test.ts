import { expect } from "chai";
import { escapeHtml } from "../../../lib/pictures/escape.js";
import { pageOf } from "../../../benchmarks/report/page.js";
import { result, section } from "./helpers.js";

describe("benchmarks: page", () => {
  it("escapes the five characters that mean something, and no other", () => {
    expect(escapeHtml(`a<b>&"c"'d' é €`)).to.equal("a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39; é €");
    expect(escapeHtml("&amp;")).to.equal("&amp;amp;");
  });

  it("escapes every text of a result", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const place = {
      ...result().surroundings,
      cpu: evil,
      node: evil,
      v8: evil,
      platform: evil,
      flags: [evil],
    };
    const page = pageOf(
      [
        result({
          suite: evil,
          surroundings: { ...place, version: evil },
          sections: [section({ title: evil, kernels: evil, columns: { a: evil }, rows: [{ a: evil }] })],
        }),
      ],
      [{ file: evil, reason: evil }],
    );
    expect(page).not.to.contain("<img");
    expect(page.split(escapeHtml(evil))).to.have.length.greaterThan(10);
  });

  it("needs nothing from elsewhere", () => {
    const page = pageOf([result()], []);
    expect(page).not.to.match(/\b(src|href)="(?!#)|url\(|@import|<script/);
  });

  it("names the machine and the versions", () => {
    const page = pageOf([result()], []);
    for (const text of ["A processor", "2 cores", "16.0 GiB", "alexnet-threads 1.2.3", "V8 11.3", "--a-flag"])
      expect(page).to.contain(text);
  });

  it("opens the newest run of each Node; older runs and smoke tests are folded up", () => {
    const on = (node: string, date: string, quick = false) => {
      const { surroundings } = result({}, date);
      return result({ quick, surroundings: { ...surroundings, node } });
    };
    const page = pageOf(
      [
        on("v20.0.0", "2026-01-01T00:00:00.000Z"),
        on("v26.0.0", "2026-01-02T00:00:00.000Z"),
        on("v20.0.0", "2026-01-03T00:00:00.000Z"),
        on("v20.0.0", "2026-01-04T00:00:00.000Z", true),
      ],
      [],
    );
    const runs = [...page.matchAll(/<details( open)?><summary>(\S+)/g)].map(([, open, day]) => [day, open]);
    expect(runs).to.deep.equal([
      ["2026-01-03", " open"],
      ["2026-01-02", " open"],
      ["2026-01-01", undefined],
      ["2026-01-04", undefined],
    ]);
    expect(page).to.contain("smoke test");
  });

  it("says which file holds no result", () => {
    expect(pageOf([], [{ file: "a.json", reason: "no JSON" }])).to.contain("a.json holds no result: no JSON");
  });
});

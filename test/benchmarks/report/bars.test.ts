import { expect } from "chai";
import { barChart } from "../../../benchmarks/report/bars.js";
import { attributesOf, section } from "./helpers.js";

const chartOf = (...values: Parameters<typeof section>): string => {
  const chart = barChart(section(...values));
  if (chart === undefined) throw new Error("there is no chart");
  return chart;
};

const widths = (svg: string): number[] => attributesOf(svg, "width").map(Number);

describe("benchmarks: bars", () => {
  it("bars are as long as their values, the longest one being whole", () => {
    const [first, second, third] = widths(chartOf());
    expect(first / third).to.be.closeTo(0.5, 1e-3); // lengths are written with a decimal
    expect(second / third).to.be.closeTo(0.25, 1e-3);
  });

  it("no bar, label or figure leaves the picture", () => {
    const label = "alexnet-threads " + "x".repeat(200);
    const svg = chartOf({ rows: [{ batch: "1", contestant: label, rate: 5 }] });
    const [x] = attributesOf(svg, "x").map(Number).slice(-1);
    expect(widths(svg)[0]).to.be.greaterThan(0);
    expect(x).to.be.lessThan(960);
  });

  it("a group is named once, above its first bar", () => {
    const svg = chartOf();
    expect(svg.match(/class="group"/g)).to.have.lengthOf(2);
    expect(svg).to.match(/>batch 1<.*>batch 64</);
  });

  it("contestants that are not ours look different, and only beside ours", () => {
    expect(attributesOf(chartOf(), "class").filter((style) => style.startsWith("bar"))).to.deep.equal([
      "bar",
      "bar other",
      "bar",
    ]);
    expect(chartOf({ rows: [{ batch: "1", contestant: "conv1", rate: 1 }] })).not.to.contain("other");
  });

  it("rows without the value have no bar; without any bar there is no chart", () => {
    const rows = [
      { batch: "1", contestant: "a", rate: 1 },
      { batch: "1", contestant: "b" },
    ];
    expect(widths(chartOf({ rows }))).to.have.lengthOf(1);
    expect(barChart(section({ rows: [{ batch: "1", contestant: "b", rate: NaN }] }))).to.equal(undefined);
  });

  it("a spread reaches from the smallest to the largest value, and the scale to it", () => {
    const svg = chartOf({
      rows: [{ batch: "1", contestant: "a", rate: 5, low: 0, high: 10 }],
      chart: { label: ["contestant"], value: "rate", spread: ["low", "high"], unit: "ms" },
    });
    const [start] = attributesOf(svg, "d").map((path) => Number(/^M([\d.]+)/.exec(path)?.[1]));
    const [end] = attributesOf(svg, "d").map((path) => Number(/H([\d.]+)/.exec(path)?.[1]));
    expect(widths(svg)[0] / (end - start)).to.be.closeTo(0.5, 1e-3);
  });

  it("escapes what it is given", () => {
    const svg = chartOf({ title: '"><script>', rows: [{ batch: "<b>", contestant: "a & b", rate: 1 }] });
    expect(svg)
      .to.contain("&quot;&gt;&lt;script&gt;")
      .and.to.contain("&lt;b&gt;")
      .and.to.contain("a &amp; b");
    expect(svg).not.to.contain("<script>");
  });
});

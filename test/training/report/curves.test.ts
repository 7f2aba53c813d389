import { expect } from "chai";
import type { Mark, Picture } from "../../../lib/pictures/picture.js";
import type { EpochRow, MetricsRow, StepRow } from "../../../lib/training/metrics/rows.js";
import { curvesOf } from "../../../lib/training/report/curves.js";

const pace = { imagesPerSecond: 1, seconds: 1 };
const stepRow = (step: number, loss: number | null, rate = 0.1): StepRow => ({
  ...{ kind: "step", step, epoch: 0, loss, top1: null, top5: null, rate },
  ...pace,
});
const epochRow = (epoch: number, loss: number, validation: number | null): EpochRow => ({
  ...{ kind: "epoch", step: (epoch + 1) * 4, epoch, rate: 0.1 },
  training: { loss, top1: null, top5: null },
  validation: validation === null ? null : { loss: validation, top1: null, top5: null },
  ...pace,
});

const pictureOf = (rows: readonly MetricsRow[], name: string): Picture => {
  const curve = curvesOf(rows).find((one) => one.name === name);
  if (curve === undefined) throw new Error(`no curve ${name}`);
  return curve.picture;
};
const textsOf = ({ marks }: Picture): string[] =>
  marks.filter((mark) => mark.kind === "text").map(({ text }) => text);
type Line = Mark & { readonly kind: "line" };
const linesOf = ({ marks }: Picture): Line[] =>
  marks.filter((mark): mark is Line => mark.kind === "line" && mark.inside !== undefined);

describe("curves", () => {
  it("are those for which there are values", () => {
    const names = (rows: MetricsRow[]) => curvesOf(rows).map(({ name }) => name);
    expect(names([])).to.deep.equal([]);
    expect(names([stepRow(1, null)])).to.deep.equal(["rate"]);
    expect(names([stepRow(1, 2)])).to.deep.equal(["loss", "rate"]);
    expect(names([{ ...stepRow(1, 2), top1: 0, top5: 0 }])).to.deep.equal(["loss", "top1", "top5", "rate"]);
  });

  it("count steps until an epoch is over, and epochs from then on", () => {
    const steps = [stepRow(1, 3), stepRow(2, 2)];
    expect(textsOf(pictureOf(steps, "loss")))
      .to.include("step")
      .and.not.include("epoch");
    expect(textsOf(pictureOf([...steps, epochRow(0, 2, null)], "loss")))
      .to.include("epoch")
      .and.not.include("step");
  });

  it("put an epoch's mean amid it, its validation at its end, and steps where they are", () => {
    const rows = [
      stepRow(2, 3),
      ...[0, 1, 2, 3].flatMap((epoch) => [epochRow(epoch, 2 - epoch / 4, 1)]),
      stepRow(16, 1),
    ];
    const [faint, training, validation] = linesOf(pictureOf(rows, "loss"));
    expect([faint.look, training.look, validation.look]).to.deep.equal(["faint", "training", "validation"]);
    // the axis goes from 0 to 4 epochs: what is a pixel, of the validation's points
    const epoch = validation.points[1][0] - validation.points[0][0];
    const zero = validation.points[0][0] - epoch;
    const epochsOf = ({ points }: Line) => points.map(([x]) => Number(((x - zero) / epoch).toFixed(6)));
    expect(epochsOf(validation)).to.deep.equal([1, 2, 3, 4]);
    expect(epochsOf(training)).to.deep.equal([0.5, 1.5, 2.5, 3.5]);
    expect(epochsOf(faint)).to.deep.equal([0.5, 4]);
  });

  it("name the best validation, of a loss the smallest", () => {
    const rows = [3, 1, 2].map((loss, epoch) => epochRow(epoch, loss, loss));
    expect(pictureOf(rows, "loss").title).to.equal("Loss; best validation 1.00 after epoch 2");
    const accurate = rows.map((row, at) => ({
      ...row,
      validation: { loss: null, top1: [0.5, 0.25, 0.5][at], top5: null },
    }));
    expect(pictureOf(accurate, "top1").title).to.equal(
      "Top-1 accuracy; best validation 50.00 % after epoch 1",
    );
    expect(pictureOf([epochRow(0, 1, null)], "loss").title).to.equal("Loss");
  });

  it("show the epochs' values whole, though the first steps lie far away", () => {
    const rows = [stepRow(1, 1000), ...[0, 1, 2].map((epoch) => epochRow(epoch, 0.2 + epoch / 100, null))];
    const ticks = textsOf(pictureOf(rows, "loss")).filter((text) => /^0\.\d+$/.test(text));
    expect(ticks.at(0)).to.equal("0.200");
    expect(ticks).to.include("0.220");
  });

  it("end accuracies at 100 %", () => {
    const rows = [0, 1, 2].map((epoch) => ({
      ...epochRow(epoch, 1, null),
      training: { loss: null, top1: 0.955 + epoch / 50, top5: null },
    }));
    const ticks = textsOf(pictureOf(rows, "top1")).filter((text) => /^\d+$/.test(text) && Number(text) > 10);
    expect(ticks).to.deep.equal(["95", "96", "97", "98", "99", "100"]);
  });

  it("draw a rate that falls by factors by powers of ten, and one that goes along a curve as it is", () => {
    const stairs = Array.from({ length: 40 }, (_, at) =>
      stepRow(at + 1, 1, [0.01, 0.001, 0.0001, 0.00001][(at / 10) | 0]),
    );
    expect(textsOf(pictureOf(stairs, "rate"))).to.include.members(["0.00001", "0.0001", "0.001", "0.01"]);
    const cosine = Array.from({ length: 40 }, (_, at) =>
      stepRow(at + 1, 1, 0.05 * (1 + Math.cos((at / 40) * Math.PI))),
    );
    expect(textsOf(pictureOf(cosine, "rate"))).to.include.members(["0.00", "0.02", "0.10"]);
    const frozen = [stepRow(1, 1, 0.1), stepRow(2, 1, 0), stepRow(3, 1, 0), stepRow(4, 1, 0)];
    expect(textsOf(pictureOf(frozen, "rate"))).to.include.members(["0.00", "0.10"]);
  });

  it("thin many steps to means of neighbours", () => {
    const rows = Array.from({ length: 6000 }, (_, at) => stepRow(at + 1, at % 2));
    const [line] = linesOf(pictureOf(rows, "loss"));
    expect(line.points.length).to.equal(600);
    expect(new Set(line.points.map(([, y]) => y.toFixed(6))).size).to.equal(1);
  });
});

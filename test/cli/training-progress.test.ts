import { expect } from "chai";
import { PassThrough } from "node:stream";
import {
  duration,
  epochLine,
  progressLine,
  trainingProgress,
  type TrainingState,
} from "../../lib/cli/training-progress.js";
import type { EpochRow } from "../../lib/training/metrics/rows.js";

const state: TrainingState = {
  epoch: 3,
  epochs: 30,
  step: 98,
  steps: 391,
  loss: 1.23456,
  accuracy: 0.5634,
  imagesPerSecond: 2345.6,
  secondsLeft: 4000,
};
const FULL = "epoch 3/30  98/391  loss 1.2346  top-1 56.3 %  2,346 images/s  1 h 6 min left";

const CLEARED = "\x1b[1G\x1b[2K";

function terminal(isTTY: boolean, columns?: number) {
  const stream = Object.assign(new PassThrough(), { isTTY, ...(columns !== undefined && { columns }) });
  const read = () => ((stream.read() as Buffer | null) ?? "").toString();
  return { stream, read };
}

describe("progress of a training", () => {
  it("is a line of what there is to know, with a bar as wide as there is room", () => {
    expect(progressLine(state, 200)).to.equal(
      FULL.replace("98/391", `[${"=".repeat(7)}${"-".repeat(21)}]  98/391`),
    );
    expect(progressLine(state, FULL.length + 2 + 8)).to.equal(FULL.replace("98/391", "[==----]  98/391"));
    expect(progressLine(state, FULL.length + 2 + 7)).to.equal(FULL);
  });

  it("leaves out what matters less where the terminal is narrow", () => {
    const lines = new Set(Array.from({ length: 100 }, (_, columns) => progressLine(state, columns)));
    const short = [...lines].filter((line) => !line.includes("["));
    expect(short.slice(-6)).to.deep.equal([
      "epoch 3/30",
      "epoch 3/30  98/391",
      "epoch 3/30  98/391  loss 1.2346",
      "epoch 3/30  98/391  loss 1.2346  1 h 6 min left",
      "epoch 3/30  98/391  loss 1.2346  top-1 56.3 %  1 h 6 min left",
      FULL,
    ]);
    for (let columns = 0; columns < 200; columns++)
      expect(progressLine(state, columns).length, `${columns} columns`).to.be.at.most(columns);
  });

  it("says nothing of what is not known", () => {
    const unknown = { ...state, loss: null, accuracy: null, imagesPerSecond: null, secondsLeft: null };
    expect(progressLine(unknown, 20)).to.equal("epoch 3/30  98/391");
  });

  it("fills the bar at the end of an epoch", () => {
    expect(progressLine({ ...state, step: 391 }, 200)).to.include(`[${"=".repeat(28)}]`);
    expect(progressLine({ ...state, step: 0 }, 200)).to.include(`[${"-".repeat(28)}]`);
  });

  for (const [seconds, text] of [
    [0, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [3599.6, "1 h 0 min"],
    [7855, "2 h 10 min"],
    [86_400 * 3 + 4 * 3600 + 7, "3 d 4 h"],
  ] as const)
    it(`writes ${seconds} seconds as ${text}`, () => {
      expect(duration(seconds)).to.equal(text);
    });

  const row: EpochRow = {
    kind: "epoch",
    step: 391,
    epoch: 0,
    training: { loss: 2.5, top1: 0.1, top5: 0.5 },
    validation: { loss: 1234.4, top1: 1, top5: null },
    rate: 0.1 * 0.1,
    imagesPerSecond: 9.87,
    seconds: 61,
  };

  it("tells an epoch in a line that stays", () => {
    expect(epochLine(row, 30)).to.equal(
      "epoch 1/30  training loss 2.5000 top-1 10.0 % top-5 50.0 %  validation loss 1.234e+3 top-1 100.0 %  rate 0.01" +
        "  9.9 images/s  1 min 1 s",
    );
    const bare = { ...row, validation: null, training: { loss: null, top1: null, top5: null } };
    expect(epochLine({ ...bare, imagesPerSecond: null }, 30)).to.equal(
      "epoch 1/30  training loss -  rate 0.01  1 min 1 s",
    );
  });

  it("writes over its line on a terminal, at most every tenth of a second, and below what stays", () => {
    const { stream, read } = terminal(true, 40);
    let now = 0;
    const progress = trainingProgress(stream, () => now);
    const line = progressLine(state, 39);
    progress.step(state);
    expect(read()).to.equal(line);
    now = 99;
    progress.step(state);
    expect(read()).to.equal("");
    now = 100;
    progress.step(state);
    expect(read()).to.equal(`${CLEARED}${line}`);
    progress.say("an epoch");
    expect(read()).to.equal(`${CLEARED}an epoch\n`);
    progress.step(state);
    expect(read()).to.equal(line);
    progress.stop();
    progress.stop();
    expect(read()).to.equal(CLEARED);
  });

  it("takes 80 columns where the terminal does not say", () => {
    const { stream, read } = terminal(true);
    trainingProgress(stream, () => 0).step(state);
    expect(read()).to.equal(progressLine(state, 79));
  });

  it("is nothing but the lines that stay where there is no terminal", () => {
    const { stream, read } = terminal(false);
    const progress = trainingProgress(stream, () => 0);
    progress.step(state);
    progress.say("an epoch");
    progress.stop();
    expect(read()).to.equal("an epoch\n");
  });
});

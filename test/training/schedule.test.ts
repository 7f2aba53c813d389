import { expect } from "chai";
import {
  PLATEAU_START,
  rateAt,
  updatePlateau,
  type PlateauSchedule,
  type PlateauState,
  type Schedule,
} from "../../lib/training/schedule.js";

const STEPS_PER_EPOCH = 10;
const EPOCHS = 8;
const STEPS = EPOCHS * STEPS_PER_EPOCH;

/** The rates of a whole run from 1. */
const ratesOf = (schedule: Schedule, plateau: PlateauState = PLATEAU_START): number[] =>
  Array.from({ length: STEPS }, (_, step) =>
    rateAt(schedule, 1, { step, stepsPerEpoch: STEPS_PER_EPOCH, epochs: EPOCHS, plateau }),
  );

/** [first step, rate] of each stretch of steps with one rate. */
const stretchesOf = (rates: readonly number[]): [number, number][] =>
  rates.flatMap((rate, step): [number, number][] => (rate === rates[step - 1] ? [] : [[step, rate]]));

describe("learning rate", () => {
  it("is the recipe's times the schedule's share", () => {
    const progress = { step: 0, stepsPerEpoch: 1, epochs: 1, plateau: PLATEAU_START };
    expect(rateAt({ kind: "constant" }, 0.01, progress)).to.equal(0.01);
    expect(stretchesOf(ratesOf({ kind: "constant" }))).to.deep.equal([[0, 1]]);
  });

  it("falls at epochs, from their first step on", () => {
    const schedule: Schedule = { kind: "step", at: { epochs: [2, 3.25] }, factor: 0.5 };
    expect(stretchesOf(ratesOf(schedule))).to.deep.equal([
      [0, 1],
      [20, 0.5],
      [33, 0.25],
    ]);
  });

  it("falls at steps, by a factor of each", () => {
    const schedule: Schedule = { kind: "step", at: { steps: [1, 7, 60] }, factor: [0.5, 4, 0] };
    expect(stretchesOf(ratesOf(schedule))).to.deep.equal([
      [0, 1],
      [1, 0.5],
      [7, 2],
      [60, 0],
    ]);
  });

  for (const every of [{ steps: 30 }, { epochs: 3 }])
    it(`falls every ${JSON.stringify(every)}`, () => {
      expect(stretchesOf(ratesOf({ kind: "step", every, factor: 0.5 }))).to.deep.equal([
        [0, 1],
        [30, 0.5],
        [60, 0.25],
      ]);
    });

  it("falls as often as it must in no time: a million divisions of one step each", () => {
    const schedule: Schedule = { kind: "step", every: { steps: 1 }, factor: 1 - 2 ** -20 };
    const progress = { stepsPerEpoch: 1, epochs: 2 ** 21, plateau: PLATEAU_START };
    // (1 - x)^(1 / x) is exp(-1 - x / 2 - ...), and each of 20 squarings doubles the relative error so far
    // and rounds, by 2^-53: 2^-32 in all
    expect(rateAt(schedule, 1, { step: 2 ** 20, ...progress })).to.be.closeTo(
      Math.exp(-1 - 2 ** -21),
      2 ** -32,
    );
  });

  it("goes along half a cosine to a share of itself", () => {
    const rates = ratesOf({ kind: "cosine", to: 0.2 });
    for (const [step, angle] of [
      [0, 0],
      [20, Math.PI / 4],
      [40, Math.PI / 2],
      [60, (3 * Math.PI) / 4],
    ])
      expect(rates[step], `step ${step}`).to.be.closeTo(0.2 + 0.4 * (1 + Math.cos(angle)), 1e-15);
    rates.slice(1).forEach((rate, index) => expect(rate).to.be.below(rates[index]).and.above(0.2));
  });

  it("goes along a line to a share of itself", () => {
    const rates = ratesOf({ kind: "linear", to: 0.2 });
    rates.forEach((rate, step) => expect(rate).to.be.closeTo(1 - (0.8 * step) / STEPS, 1e-15));
  });

  it("stays at its end in steps past the run", () => {
    for (const kind of ["cosine", "linear"] as const) {
      const progress = { step: STEPS + 5, stepsPerEpoch: STEPS_PER_EPOCH, epochs: EPOCHS };
      expect(rateAt({ kind, to: 0.25 }, 1, { ...progress, plateau: PLATEAU_START })).to.equal(0.25);
    }
  });

  const kinds: Schedule[] = [
    { kind: "constant" },
    { kind: "step", at: { epochs: [1] }, factor: 0.5 },
    { kind: "plateau", factor: 0.1, patience: 1 },
    { kind: "cosine", to: 0 },
    { kind: "linear", to: 0 },
  ];
  for (const warmUp of [{ steps: 5 }, { epochs: 0.5 }])
    for (const schedule of kinds)
      it(`rises over ${JSON.stringify(warmUp)} before ${schedule.kind}`, () => {
        const rates = ratesOf({ ...schedule, warmUp });
        rates.slice(0, 5).forEach((rate, step) => expect(rate).to.be.closeTo((step + 1) / 5, 1e-15));
        // a curve has its start where the warm-up ends, and its end where the run ends
        expect(rates[5]).to.equal(1);
        if (schedule.kind === "linear") expect(rates[STEPS - 1]).to.be.closeTo(1 / (STEPS - 5), 1e-15);
        if (schedule.kind === "step") expect(rates.slice(10)).to.deep.equal(Array(STEPS - 10).fill(0.5));
      });

  it("rises all the time where the warm-up is longer than the run", () => {
    const rates = ratesOf({ kind: "cosine", to: 0, warmUp: { epochs: 2 * EPOCHS } });
    expect(rates[STEPS - 1]).to.equal(0.5);
  });
});

describe("plateau", () => {
  const schedule: PlateauSchedule = { kind: "plateau", factor: 0.5, patience: 2 };
  const statesOf = (accuracies: readonly number[], more: Partial<PlateauSchedule> = {}): PlateauState[] => {
    const states: PlateauState[] = [];
    let state = PLATEAU_START;
    for (const accuracy of accuracies)
      states.push((state = updatePlateau({ ...schedule, ...more }, state, accuracy)));
    return states;
  };
  const divisionsOf = (accuracies: readonly number[], more?: Partial<PlateauSchedule>) =>
    statesOf(accuracies, more).map(({ divisions }) => divisions);

  it("divides when nothing was better for `patience` epochs, and then waits as long again", () => {
    const accuracies = [0.1, 0.3, 0.3, 0.2, 0.3, 0.1, 0.31, 0.2, 0.2];
    expect(
      statesOf(accuracies).map((state) => [state.best, state.epochsSince, state.divisions]),
    ).to.deep.equal([
      [0.1, 0, 0],
      [0.3, 0, 0],
      [0.3, 1, 0],
      [0.3, 0, 1],
      [0.3, 1, 1],
      [0.3, 0, 2],
      [0.31, 0, 2],
      [0.31, 1, 2],
      [0.31, 0, 3],
    ]);
    expect(ratesOf(schedule, { best: 0.31, epochsSince: 0, divisions: 3 })[0]).to.equal(0.125);
  });

  it("divides no more than `divisions` times", () => {
    expect(divisionsOf(Array<number>(9).fill(0.5), { divisions: 2 })).to.deep.equal([
      0, 0, 1, 1, 2, 2, 2, 2, 2,
    ]);
  });

  it("takes no gain within the threshold for one", () => {
    const accuracies = [0.5, 0.505, 0.51, 0.52];
    expect(statesOf(accuracies, { threshold: 0.01 }).map(({ best }) => best)).to.deep.equal([
      0.5, 0.5, 0.5, 0.52,
    ]);
    expect(divisionsOf(accuracies, { threshold: 0.01 })).to.deep.equal([0, 0, 1, 1]);
  });

  it("takes an accuracy of 0 for the first one, and NaN for none", () => {
    expect(statesOf([NaN, 0, NaN])).to.deep.equal([
      { best: null, epochsSince: 1, divisions: 0 },
      { best: 0, epochsSince: 0, divisions: 0 },
      { best: 0, epochsSince: 1, divisions: 0 },
    ]);
  });

  it("is the same when its state went through JSON", () => {
    const accuracies = [NaN, 0.1, 0.2, 0.2, 0.1, 0.3, 0.3];
    let state = PLATEAU_START;
    for (const accuracy of accuracies)
      state = JSON.parse(JSON.stringify(updatePlateau(schedule, state, accuracy))) as PlateauState;
    expect(state).to.deep.equal(statesOf(accuracies).at(-1));
  });

  it("leaves the state as it is with another schedule", () => {
    expect(updatePlateau({ kind: "cosine", to: 0 }, PLATEAU_START, 0.5)).to.equal(PLATEAU_START);
  });
});

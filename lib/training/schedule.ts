/** How the learning rate goes over a run: pure functions of the schedule and of how far the run is. */

/** How long something takes: passes over the training set, which need not be whole, or steps. */
export type ScheduleSpan = { readonly epochs: number } | { readonly steps: number };

interface WarmedUp {
  /**
   * Before it is over, step s (from 0) of its n has (s + 1) / n of the rate (Goyal et al. 2017, "Accurate, large
   * minibatch SGD", section 2.2). What follows by steps or plateaus is multiplied so; what falls along a curve starts to
   * fall when it is over.
   */
  readonly warmUp?: ScheduleSpan;
}

export interface ConstantSchedule extends WarmedUp {
  readonly kind: "constant";
}

/** The rate is multiplied by `factor` at certain points. Just one of `at` and `every` is there. */
export interface StepSchedule extends WarmedUp {
  readonly kind: "step";
  /** From these points on, each later than the one before. */
  readonly at?: { readonly epochs: readonly number[] } | { readonly steps: readonly number[] };
  /** Each time when so much is over (Caffe's `stepsize`). */
  readonly every?: ScheduleSpan;
  /** From 0; with `at` it may be a list, one for each point. */
  readonly factor: number | readonly number[];
}

/**
 * The rate is multiplied by `factor` each time when the validation accuracy has not become better for `patience` epochs:
 * the paper's way (section 5), by hand there.
 */
export interface PlateauSchedule extends WarmedUp {
  readonly kind: "plateau";
  readonly factor: number;
  /** Epochs. */
  readonly patience: number;
  /** How often at most; without it as often as it happens. */
  readonly divisions?: number;
  /** By how much more than the best an accuracy (0 to 1) must be to count as better; 0 where missing. */
  readonly threshold?: number;
}

/** From the rate to `to` of it at the end of the run. */
interface FallingSchedule extends WarmedUp {
  /** A share of the rate, from 0 to 1. */
  readonly to: number;
}

/** Along half a period of a cosine: Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts. */
export interface CosineSchedule extends FallingSchedule {
  readonly kind: "cosine";
}

/** Along a straight line. */
export interface LinearSchedule extends FallingSchedule {
  readonly kind: "linear";
}

export type Schedule = ConstantSchedule | StepSchedule | PlateauSchedule | CosineSchedule | LinearSchedule;

/** What a plateau schedule remembers; plain data, for a checkpoint. */
export interface PlateauState {
  /** The best validation accuracy so far, 0 to 1; null before the first. */
  readonly best: number | null;
  /** Since it, or since the last division. */
  readonly epochsSince: number;
  readonly divisions: number;
}

export const PLATEAU_START: PlateauState = { best: null, epochsSince: 0, divisions: 0 };

/** How far a run is. */
export interface Progress {
  /** Steps that are done: 0 at the first one. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the whole run. */
  readonly epochs: number;
  readonly plateau: PlateauState;
}

/** The learning rate of the step that comes next, where `base` is that of the recipe. */
export function rateAt(schedule: Schedule, base: number, progress: Progress): number {
  const warming = schedule.warmUp === undefined ? 0 : stepsOf(schedule.warmUp, progress);
  const warmth = progress.step < warming ? (progress.step + 1) / warming : 1;
  return base * warmth * shareAt(schedule, warming, progress);
}

function shareAt(schedule: Schedule, warming: number, progress: Progress): number {
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "step":
      return stepShare(schedule, progress);
    case "plateau":
      return power(schedule.factor, progress.plateau.divisions);
    case "cosine":
      return schedule.to + ((1 - schedule.to) * (1 + Math.cos(Math.PI * elapsed(warming, progress)))) / 2;
    case "linear":
      return schedule.to + (1 - schedule.to) * (1 - elapsed(warming, progress));
  }
}

function stepShare({ at, every, factor }: StepSchedule, progress: Progress): number {
  if (every !== undefined)
    return power(factor as number, Math.floor(progress.step / stepsOf(every, progress)));
  const points =
    at === undefined
      ? []
      : "steps" in at
        ? at.steps
        : at.epochs.map((epochs) => stepsOf({ epochs }, progress));
  return points.reduce((share, point, index) => {
    if (progress.step < point) return share;
    return share * (typeof factor === "number" ? factor : factor[index]);
  }, 1);
}

/** How much of what follows the warm-up is over, 0 to 1. */
function elapsed(warming: number, { step, stepsPerEpoch, epochs }: Progress): number {
  if (step <= warming) return 0;
  const end = epochs * stepsPerEpoch;
  return step >= end ? 1 : (step - warming) / (end - warming);
}

/** A span in steps, at least one. */
const stepsOf = (span: ScheduleSpan, { stepsPerEpoch }: Progress): number =>
  "steps" in span ? span.steps : Math.max(1, Math.round(span.epochs * stepsPerEpoch));

/** By products alone, which have the same bits on every machine. */
function power(factor: number, exponent: number): number {
  let result = 1;
  for (let rest = exponent, square = factor; rest > 0; rest = Math.floor(rest / 2), square *= square)
    if (rest % 2 === 1) result *= square;
  return result;
}

/**
 * The state after an epoch whose validation accuracy (0 to 1) is `accuracy`; an accuracy that is no number is not
 * better. With a schedule that is no plateau the state stays as it is.
 */
export function updatePlateau(schedule: Schedule, state: PlateauState, accuracy: number): PlateauState {
  if (schedule.kind !== "plateau") return state;
  const { patience, divisions = Infinity, threshold = 0 } = schedule;
  if (state.best === null ? !Number.isNaN(accuracy) : accuracy > state.best + threshold)
    return { ...state, best: accuracy, epochsSince: 0 };
  const epochsSince = state.epochsSince + 1;
  return epochsSince < patience || state.divisions >= divisions
    ? { ...state, epochsSince }
    : { ...state, epochsSince: 0, divisions: state.divisions + 1 };
}

import type {
  ConstantSchedule,
  CosineSchedule,
  LinearSchedule,
  PlateauSchedule,
  Schedule,
  ScheduleSpan,
  StepSchedule,
} from "../schedule.js";
import {
  fieldsOf,
  increasing,
  kind,
  kindOf,
  list,
  notNegative,
  number,
  object,
  positive,
  refuse,
  share,
  whole,
  type Check,
} from "../fields.js";

const factor = number("a number from 0 to below 1", (value) => value >= 0 && value < 1);

/** `epochs` or `steps`, just one of the two. */
const either =
  <E, S>(epochs: Check<E>, steps: Check<S>): Check<{ readonly epochs: E } | { readonly steps: S }> =>
  (place) => {
    const { epochs: inEpochs, steps: inSteps } = fieldsOf(place);
    if ((inEpochs === undefined) === (inSteps === undefined))
      return refuse(place, "an object of epochs or of steps");
    return inSteps === undefined ? object({ epochs }, {})(place) : object({ steps }, {})(place);
  };

const span: Check<ScheduleSpan> = either(positive, whole(1));
const warmUp = { warmUp: span };

const step: Check<StepSchedule> = (place) => {
  const schedule: StepSchedule = object(
    {
      kind: kind("step"),
      factor: (inner): number | readonly number[] =>
        Array.isArray(inner.value) ? list(notNegative)(inner) : notNegative(inner),
    },
    { at: either(increasing(positive), increasing(whole(1))), every: span, ...warmUp },
  )(place);
  if ((schedule.at === undefined) === (schedule.every === undefined))
    return refuse(place, "an object with at or with every, and not with both");
  const factorPlace = { ...place, at: `${place.at}.factor`, value: schedule.factor };
  if (schedule.at === undefined) factor(factorPlace);
  else if (typeof schedule.factor !== "number") {
    const points = "steps" in schedule.at ? schedule.at.steps : schedule.at.epochs;
    if (points.length !== schedule.factor.length)
      return refuse(factorPlace, `a number, or a list of ${points.length}, one for each point of at`);
  }
  return schedule;
};

const constant: Check<ConstantSchedule> = object({ kind: kind("constant") }, warmUp);
const cosine: Check<CosineSchedule> = object({ kind: kind("cosine"), to: share }, warmUp);
const linear: Check<LinearSchedule> = object({ kind: kind("linear"), to: share }, warmUp);
const plateau: Check<PlateauSchedule> = object(
  { kind: kind("plateau"), factor, patience: whole(1) },
  { divisions: whole(0), threshold: share, ...warmUp },
);

const steady = { constant, step, cosine, linear };

/** Of the whole run. */
export const schedule: Check<Schedule> = kindOf<Schedule>({ ...steady, plateau });
/** Of some parameters: a plateau is of the run. */
export const groupSchedule: Check<Schedule> = kindOf<Schedule>(steady);

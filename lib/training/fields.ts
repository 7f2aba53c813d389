/** Checks of values out of JSON: of recipes, and of what is kept of a run. */

/** The errors of a kind of file. */
export interface FieldErrors {
  field(source: string, at: string, got: unknown, rule: string): Error;
  unknownField(source: string, at: string, known: readonly string[]): Error;
}

/** A value, and where it is. */
export interface Place {
  readonly errors: FieldErrors;
  /** The file, or what stands for it. */
  readonly source: string;
  /** The field, with the fields that hold it: "schedule.factor"; "" for the whole. */
  readonly at: string;
  readonly value: unknown;
}

/** Gives the value as what it must be, or throws. */
export type Check<T> = (place: Place) => T;

/** Throws the error of a field that breaks a rule. */
export function refuse({ errors, source, at, value }: Place, rule: string): never {
  throw errors.field(source, at === "" ? "the whole" : at, value, rule);
}

export const number =
  (rule: string, holds: (value: number) => boolean): Check<number> =>
  (place) => {
    const { value } = place;
    return typeof value === "number" && Number.isFinite(value) && holds(value) ? value : refuse(place, rule);
  };

export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Check<number> =>
  number(
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number from ${least}`
      : `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && value >= least && value <= most,
  );

export const positive = number("a number above 0", (value) => value > 0);
export const notNegative = number("a number from 0", (value) => value >= 0);
export const share = number("a number from 0 to 1", (value) => value >= 0 && value <= 1);

export const text: Check<string> = (place) =>
  typeof place.value === "string" && place.value !== "" ? place.value : refuse(place, "a text");

export const list =
  <T>(item: Check<T>): Check<readonly T[]> =>
  (place) => {
    const { at, value } = place;
    if (!Array.isArray(value) || value.length === 0) return refuse(place, "a list that is not empty");
    return value.map((one: unknown, index) => item({ ...place, at: `${at}[${index}]`, value: one }));
  };

/** Each greater than the one before. */
export const increasing =
  (item: Check<number>): Check<readonly number[]> =>
  (place) => {
    const values = list(item)(place);
    return values.every((value, index) => index === 0 || value > values[index - 1])
      ? values
      : refuse(place, "a list of numbers of which each is greater than the one before");
  };

/** Of any names, which a network's layers have. */
export const record =
  <T>(item: Check<T>): Check<Readonly<Record<string, T>>> =>
  (place) => {
    const entries = Object.entries(fieldsOf(place));
    return Object.fromEntries(
      entries.map(([name, value]) => [name, item({ ...place, at: `${place.at}.${name}`, value })]),
    );
  };

/** A value with the fields of `needed`, and those of `optional` where they are there; no others. */
export const object =
  <Needed extends Checks, Optional extends Checks>(
    needed: Needed,
    optional: Optional,
  ): Check<Checked<Needed> & Partial<Checked<Optional>>> =>
  (place) => {
    const fields = fieldsOf(place);
    const checks: Checks = { ...needed, ...optional };
    const at = (field: string) => (place.at === "" ? field : `${place.at}.${field}`);
    for (const field of Object.keys(fields))
      if (!Object.hasOwn(checks, field))
        throw place.errors.unknownField(place.source, at(field), Object.keys(checks));
    const present = Object.keys(checks).filter(
      (field) => Object.hasOwn(needed, field) || fields[field] !== undefined,
    );
    return Object.fromEntries(
      present.map((field) => [field, checks[field]({ ...place, at: at(field), value: fields[field] })]),
    ) as Checked<Needed> & Partial<Checked<Optional>>;
  };

type Checks = Readonly<Record<string, Check<unknown>>>;
/** What the checks give. */
type Checked<C extends Checks> = { readonly [Field in keyof C]: ReturnType<C[Field]> };

/** The fields of an object, whatever they are. */
export function fieldsOf(place: Place): Readonly<Record<string, unknown>> {
  const { value } = place;
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(place, "an object");
}

/** One of several kinds of object, told apart by the field `kind`. */
export const kindOf =
  <T>(kinds: Readonly<Record<string, Check<T>>>): Check<T> =>
  (place) => {
    const { kind } = fieldsOf(place);
    return typeof kind === "string" && Object.hasOwn(kinds, kind)
      ? kinds[kind](place)
      : refuse(
          { ...place, at: `${place.at}.kind`, value: kind },
          `one of ${Object.keys(kinds)
            .map((known) => `"${known}"`)
            .join(", ")}`,
        );
  };

/** The field `kind`, which `kindOf` has looked at. */
export const kind =
  <K extends string>(name: K): Check<K> =>
  () =>
    name;

/** The value, or null. */
export const nullOr =
  <T>(check: Check<T>): Check<T | null> =>
  (place) =>
    place.value === null ? null : check(place);

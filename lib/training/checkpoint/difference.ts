/** A place at which two values of JSON differ. */
export interface Difference {
  /** "recipe.schedule.factor". */
  readonly at: string;
  readonly was: unknown;
  readonly is: unknown;
}

/** The first place at which two values of JSON differ, or undefined; what is missing in an object is undefined there. */
export function firstDifference(at: string, was: unknown, is: unknown): Difference | undefined {
  if (Array.isArray(was) && Array.isArray(is)) {
    if (was.length !== is.length) return { at: `${at}.length`, was: was.length, is: is.length };
    return firstOf(was.map((item: unknown, index) => firstDifference(`${at}[${index}]`, item, is[index])));
  }
  if (isObject(was) && isObject(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    return firstOf([...keys].map((key) => firstDifference(`${at}.${key}`, was[key], is[key])));
  }
  return Object.is(was, is) ? undefined : { at, was, is };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const firstOf = (differences: readonly (Difference | undefined)[]): Difference | undefined =>
  differences.find((difference) => difference !== undefined);

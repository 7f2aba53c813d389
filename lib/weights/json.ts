/**
 * JSON as weight files need it. `JSON.parse` keeps the last of two equal keys without a word, gives "__proto__" a
 * meaning, and rounds integers past 2^53; here objects are Maps, and all three are errors or plain data.
 */
import { show } from "../errors/base.js";

export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

/** Nesting that is followed; headers of weight files need 3. */
const DEEPEST = 32;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** @throws SyntaxError with the position of the first character that is wrong. */
export function parseJson(text: string): Json {
  let at = 0;
  const fail = (wanted: string): never => {
    const got = at < text.length ? JSON.stringify(text[at]) : "the end";
    throw new SyntaxError(`${wanted} expected at character ${at}, got ${got}`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const take = (character: string): boolean => {
    match(SPACE);
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const string = (): string => {
    if (!take('"')) return fail("a string");
    const start = at - 1;
    // not by a pattern, which would need room on the stack for each escape
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    if (at >= text.length) {
      at = start;
      fail("a string");
    }
    at++;
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch (cause) {
      throw new SyntaxError(`a string without bad escapes expected at character ${start}`, { cause });
    }
  };
  const number = (): number => {
    const start = at;
    const digits = match(NUMBER) ?? fail("a value");
    const value = Number(digits);
    if (Number.isSafeInteger(value) || (!Number.isInteger(value) && Number.isFinite(value))) return value;
    throw new SyntaxError(`${digits.slice(0, 40)} at character ${start} is past the safe integers`);
  };
  const array = (depth: number): Json[] => {
    const items: Json[] = [];
    if (take("]")) return items;
    do items.push(value(depth));
    while (take(","));
    return take("]") ? items : fail('"," or "]"');
  };
  const object = (depth: number): Map<string, Json> => {
    const entries = new Map<string, Json>();
    if (take("}")) return entries;
    do {
      const key = string();
      if (entries.has(key)) throw new SyntaxError(`key ${show(key)} is there twice`);
      if (!take(":")) fail('":"');
      entries.set(key, value(depth));
    } while (take(","));
    return take("}") ? entries : fail('"," or "}"');
  };
  const words = new Map<string, Json>([
    ["true", true],
    ["false", false],
    ["null", null],
  ]);
  const value = (depth: number): Json => {
    if (depth === DEEPEST) throw new SyntaxError(`nested deeper than ${DEEPEST} at character ${at}`);
    if (take("{")) return object(depth + 1);
    if (take("[")) return array(depth + 1);
    if (text[at] === '"') return string();
    for (const [word, meaning] of words)
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    return number();
  };
  const result = value(0);
  match(SPACE);
  return at === text.length ? result : fail("the end");
}

/**
 * The value that `JSON.parse` would give, of objects in place of Maps: as deep as what was parsed, and each key, also
 * "__proto__", a property of its own.
 */
export function plainJson(json: Json): unknown {
  if (json instanceof Map)
    return Object.fromEntries(
      [...(json as ReadonlyMap<string, Json>)].map(([key, item]) => [key, plainJson(item)]),
    );
  return Array.isArray(json) ? json.map(plainJson) : json;
}

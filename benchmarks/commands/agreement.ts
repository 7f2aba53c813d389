/** Whether two programs' rows tell the same of the same photographs. */

export interface Agreement {
  readonly photographs: number;
  /** Of them, those for which both name the same class first. */
  readonly sameFirst: number;
}

/** NDJSON rows `{path, top: [{index}]}`. */
interface ScoredRow {
  readonly path: string;
  readonly top: readonly { readonly index: number }[];
}

/** @throws Error where the two have not scored the same photographs. */
export function agreementOf(ours: string, theirs: string): Agreement {
  const [own, other] = [firstClasses(ours), firstClasses(theirs)];
  const missing = [...own.keys()].find((path) => !other.has(path));
  if (missing !== undefined || own.size !== other.size)
    throw new Error(`${own.size} photographs beside ${other.size}; ${missing ?? "one more"} is in one alone`);
  const same = [...own].filter(([path, index]) => other.get(path) === index);
  return { photographs: own.size, sameFirst: same.length };
}

/** By path. @throws Error for a photograph without classes. */
function firstClasses(ndjson: string): Map<string, number> {
  const lines = ndjson.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const { path, top } = JSON.parse(line) as Partial<ScoredRow>;
      const first = top?.at(0);
      if (path === undefined || first === undefined) throw new Error(`no classes: ${line}`);
      return [path, first.index];
    }),
  );
}

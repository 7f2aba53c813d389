import { expect } from "chai";
import { alternate, bestOfEachKind, type Contestant } from "../../benchmarks/rounds.js";

/** Contestants that note their turns and measure what they are told to, one value a turn. */
function contestants(values: Readonly<Record<string, readonly number[]>>) {
  const turns: string[] = [];
  const all = Object.entries(values).map(([name, own]): Contestant => {
    const rest = [...own];
    return {
      name,
      kind: name[0],
      measure: () => {
        turns.push(name);
        const value = rest.shift();
        return value === undefined
          ? Promise.reject(new Error(`${name}: one turn too many`))
          : Promise.resolve(value);
      },
    };
  });
  return { all, turns };
}

describe("benchmarks: rounds", () => {
  it("who begins changes from round to round, and values stay with their contestant", async () => {
    const { all, turns } = contestants({ a: [1, 2, 3], b: [4, 5, 6], c: [7, 8, 9] });
    expect(await alternate(all, 3)).to.deep.equal([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(turns.join("")).to.equal("abc" + "bca" + "cab");
  });

  it("of each kind the form with the least value stays, by its best trial", async () => {
    const { all } = contestants({ o: [5, 5], "p slow": [9, 3], "p fast": [8, 2], "q only": [1, 1] });
    const best = await bestOfEachKind(all, 2);
    expect(best.map(({ name }) => name)).to.deep.equal(["o", "p fast", "q only"]);
  });

  it("a failed turn fails the run", async () => {
    const { all } = contestants({ a: [1], b: [] });
    const outcome = await alternate(all, 1).catch((error: unknown) => error);
    expect(outcome).to.be.an("error").with.property("message", "b: one turn too many");
  });
});

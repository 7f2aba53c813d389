/** Cases through benny, warm before they are timed. */
import b from "benny";
import { spreadOf, type Spread } from "./statistics.js";

export interface Case {
  readonly name: string;
  /** What is timed; a promise is waited for. */
  readonly run: () => unknown;
  /** Called when the case is warm, for one that keeps what its runs give. */
  readonly onWarm?: () => void;
}

/** In seconds, as benny has them: a sample is the mean of as many runs as take `minTime`. */
const FULL = { minTime: 0.01, maxTime: 1, minSamples: 10 };
const QUICK = { minTime: 0.0001, maxTime: 0.0001, minSamples: 1 };

/** Enough for V8 to have its best code, in milliseconds. */
const WARM_UP = 300;

/** Milliseconds of one run of each case, in the order of the cases. */
export async function measure(title: string, cases: readonly Case[], quick: boolean): Promise<Spread[]> {
  for (const { run, onWarm } of cases) {
    const end = performance.now() + (quick ? 0 : WARM_UP);
    do await run();
    while (performance.now() < end);
    onWarm?.();
  }
  const summary = await b.suite(
    title,
    b.configure({ cases: quick ? QUICK : FULL }),
    // a function that gives the function: benny then takes what that one returns, be it a promise or not
    ...cases.map(({ name, run }) => b.add(name, () => run)),
  );
  return summary.results.map(({ details }) =>
    spreadOf(details.sampleResults.map((seconds) => seconds * 1000)),
  );
}

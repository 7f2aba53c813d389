/** Contestants beside each other, round by round in one run, so that what the machine does meanwhile meets all. */
import { setTimeout as pause } from "node:timers/promises";

export interface Contestant {
  readonly name: string;
  /** What it is a form of; only the best form of a kind is measured at length. */
  readonly kind: string;
  /** Milliseconds or bytes: less is better. */
  readonly measure: () => Promise<number>;
}

/** Milliseconds between two turns, for what the one before still does to end. */
const SETTLE = 50;

/** Of each kind the form with the least value in `trials` turns, in the order of the contestants. */
export async function bestOfEachKind<C extends Contestant>(
  contestants: readonly C[],
  trials: number,
): Promise<C[]> {
  const best = new Map<string, { contestant: C; value: number }>();
  for (const contestant of contestants)
    for (let trial = 0; trial < trials; trial++) {
      await pause(SETTLE);
      const value = await contestant.measure();
      if (value < (best.get(contestant.kind)?.value ?? Infinity))
        best.set(contestant.kind, { contestant, value });
    }
  return [...best.values()].map(({ contestant }) => contestant);
}

/** What each contestant measured, by contestant and round. Who begins a round changes from round to round. */
export async function alternate(contestants: readonly Contestant[], rounds: number): Promise<number[][]> {
  const values = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contestants.length; turn++) {
      const at = (round + turn) % contestants.length;
      await pause(SETTLE);
      values[at].push(await contestants[at].measure());
    }
  return values;
}

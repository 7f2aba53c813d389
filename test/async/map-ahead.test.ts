import { expect } from "chai";
import { mapAhead, type AheadOptions } from "../../lib/async/map-ahead.js";
import { collect, errorOf, gate, settle } from "../scoring/small.js";

const limits = (options: Partial<AheadOptions> = {}): AheadOptions => ({
  ahead: 3,
  concurrency: 2,
  signal: undefined,
  ...options,
});

/** 0, 1, 2 ... and what is done with them. */
class Numbers {
  taken = 0;
  returned = 0;
  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
  }

  *[Symbol.iterator](): Generator<number> {
    try {
      while (this.taken < this.#length) yield this.taken++;
    } finally {
      this.returned++;
    }
  }
}

/** An iterator that answers its second question never. */
function stuckSource() {
  const calls = { next: 0, return: 0 };
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        calls.next++;
        return calls.next === 1
          ? Promise.resolve({ done: false, value: 0 })
          : new Promise<IteratorResult<number>>(() => undefined);
      },
      return: () => {
        calls.return++;
        return Promise.reject(new Error("too late to be told"));
      },
    }),
  };
  return { source, calls };
}

const identity = (item: number) => Promise.resolve(item);

describe("mapAhead", () => {
  it("gives results in the order of the items, however long each takes", async () => {
    const gates = Array.from({ length: 4 }, gate);
    const work = async (item: number) => {
      await gates[item].opened;
      return item * 10;
    };
    const results = collect(mapAhead(new Numbers(4), work, limits({ ahead: 4, concurrency: 4 })));
    for (const { open } of [...gates].reverse()) {
      open();
      await settle();
    }
    expect(await results).to.deep.equal([0, 10, 20, 30]);
  });

  for (const kind of ["sync", "async"])
    it(`takes ${kind} iterables, empty ones too`, async () => {
      const source = (length: number) =>
        kind === "sync" ? new Numbers(length) : asAsync(new Numbers(length));
      expect(await collect(mapAhead(source(0), identity, limits()))).to.deep.equal([]);
      expect(await collect(mapAhead(source(5), identity, limits()))).to.deep.equal([0, 1, 2, 3, 4]);
    });

  for (const [ahead, concurrency] of [
    [1, 1],
    [3, 2],
    [5, 9],
  ])
    it(`is never more than ${ahead} items ahead, of which ${concurrency} in work`, async () => {
      const numbers = new Numbers(20);
      let working = 0;
      let most = 0;
      const work = async (item: number) => {
        most = Math.max(most, ++working);
        await settle();
        working--;
        return item;
      };
      let inHand = 0;
      for await (const item of mapAhead(numbers, work, limits({ ahead, concurrency }))) {
        expect(item).to.equal(inHand++);
        await settle();
        // it reaches the bound, and stays there
        expect(numbers.taken).to.equal(Math.min(20, inHand + ahead));
      }
      expect(inHand).to.equal(20);
      expect(most).to.equal(Math.min(ahead, concurrency));
    });

  it("throws what the source throws after the results before it, and takes no more", async () => {
    const failure = new Error("source");
    let asked = 0;
    function* source() {
      yield asked++;
      yield asked++;
      throw failure;
    }
    const results = mapAhead(source(), identity, limits({ ahead: 5 }));
    expect([await results.next(), await results.next()].map(({ value }) => value)).to.deep.equal([0, 1]);
    expect(await errorOf(results.next())).to.equal(failure);
    expect(await results.next()).to.deep.equal({ done: true, value: undefined });
  });

  it("asks no more of an iterator that failed, and does not close it", async () => {
    const failure = new Error("source");
    const calls = { next: 0, return: 0 };
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          ++calls.next === 2 ? Promise.reject(failure) : Promise.resolve({ done: false, value: calls.next }),
        return: () => {
          calls.return++;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    expect(await errorOf(collect(mapAhead(source, identity, limits())))).to.equal(failure);
    expect(calls).to.deep.equal({ next: 2, return: 0 });
  });

  it("throws what the work throws in its turn; of the others those in work are stopped and waited for", async () => {
    const failure = new Error("work");
    const ended: number[] = [];
    const numbers = new Numbers(20);
    const work = async (item: number, signal: AbortSignal) => {
      if (item === 1) {
        await settle();
        throw failure;
      }
      if (item > 1)
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            setImmediate(resolve);
          });
        });
      ended.push(item);
      return item;
    };
    const results = mapAhead(numbers, work, limits({ concurrency: 3 }));
    expect((await results.next()).value).to.equal(0);
    expect(await errorOf(results.next())).to.equal(failure);
    expect(ended).to.deep.equal([0, 2, 3]);
    expect([numbers.taken, numbers.returned]).to.deep.equal([4, 1]);
  });

  it("a consumer that leaves early: the work in hand is stopped and waited for, the source is closed", async () => {
    const numbers = new Numbers(20);
    let working = 0;
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      working++;
      await settle();
      working--;
      if (item > 0) throw new Error("nobody asked for this one");
      return item;
    };
    for await (const item of mapAhead(numbers, work, limits())) {
      expect(item).to.equal(0);
      break;
    }
    // 2 works at a time: 3 waited for a place, and is not begun any more
    expect([working, begun]).to.deep.equal([0, [0, 1, 2]]);
    expect(numbers.returned).to.equal(1);
  });

  it("a consumer that leaves while the source keeps it waiting does not wait for the source", async () => {
    const { source, calls } = stuckSource();
    const results = mapAhead(source, identity, limits());
    expect((await results.next()).value).to.equal(0);
    await results.return();
    expect(calls).to.deep.equal({ next: 2, return: 1 });
    await settle();
  });

  it("the signal ends it while the source keeps it waiting", async () => {
    const { source, calls } = stuckSource();
    const controller = new AbortController();
    const results = mapAhead(source, identity, limits({ signal: controller.signal }));
    expect((await results.next()).value).to.equal(0);
    const waiting = errorOf(results.next());
    await settle();
    controller.abort("stop");
    expect(await waiting).to.equal("stop");
    expect(calls).to.deep.equal({ next: 2, return: 1 });
  });

  it("takes nothing where the signal is aborted before", async () => {
    const numbers = new Numbers(3);
    const signal = AbortSignal.abort("before");
    expect(await errorOf(collect(mapAhead(numbers, identity, limits({ signal }))))).to.equal("before");
    expect(numbers.taken).to.equal(0);
  });

  it("tells the consumer who leaves when closing the source fails", async () => {
    const failure = new Error("closing");
    const source: Iterable<number> = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 0 }),
        return: () => {
          throw failure;
        },
      }),
    };
    const results = mapAhead(source, identity, limits());
    await results.next();
    expect(await errorOf(results.return())).to.equal(failure);
  });
});

async function* asAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

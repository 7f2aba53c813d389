/** The life of an engine: queue, batches, cancelling, closing, several of them. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { traceNow, type TraceSpan } from "../../lib/engine/trace.js";
import { Engine, type EngineOptions } from "../../lib/engine/engine.js";
import type { SharedMemory } from "../../workers/protocol.js";
import { bitsOf, createEngine, imagesFor, take, withEngine } from "../engines.js";
import { readGolden } from "../golden.js";
import { small } from "./small.js";

class Watched extends Engine {
  /** An engine and a weak hold on its memory. */
  static async create(options: EngineOptions): Promise<{ engine: Watched; memory: WeakRef<SharedMemory> }> {
    const parts = await this.prepare(options);
    return { engine: new Watched(parts), memory: new WeakRef(parts.memory) };
  }
}

describe("engine", () => {
  it("shows its network, plan, threads, batch and layers", () =>
    withEngine(small, (engine) => {
      expect(engine.network).to.equal(small.network);
      expect([engine.threads, engine.maxBatch, engine.plan.threads]).to.deep.equal([2, 4, 2]);
      expect(engine.layers).to.include.members(["conv1", "fc4", "prob"]);
      return Promise.resolve();
    }));

  it("takes a network from the weights where none is given", async () => {
    const golden = readGolden("twins/caffenet");
    await withEngine(
      { weights: golden.weights, threads: 1, maxBatch: 2, kernels: "baseline" },
      async (engine) => {
        expect((await engine.forward(imagesFor(engine, 2))).shape).to.deep.equal(golden.output.shape);
      },
    );
  });

  it("runs concurrent calls in the order in which they were made", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 6);
      const alone: Buffer[] = [];
      for (let n = 0; n < 6; n++) alone.push(bitsOf(await engine.forward(take(images, [n])), 0));
      const order: number[] = [];
      const outputs = await Promise.all(
        [0, 1, 2, 3, 4, 5].map(async (n) => {
          const output =
            n % 2
              ? await engine.forward(take(images, [n]))
              : (await engine.activations(take(images, [n]), ["fc4"])).fc4;
          order.push(n);
          return bitsOf(output, 0);
        }),
      );
      expect(order).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect(outputs).to.deep.equal(alone);
    }));

  it("goes on behind a call that fails", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 2);
      const bad = take(images, [0]);
      bad.data[7] = NaN;
      const results = await Promise.allSettled([
        engine.forward(images),
        engine.forward(bad),
        engine.forward(images),
      ]);
      expect(results.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
      const [first, , third] = results;
      if (first.status === "fulfilled" && third.status === "fulfilled")
        expect(third.value.data).to.deep.equal(first.value.data);
    }));

  it("runs more images than a batch holds in several batches", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 11);
      const together = await engine.forward(images);
      expect(together.shape).to.deep.equal([11, 7]);
      const layers = await engine.activations(images, ["conv1", "fc3"]);
      for (let n = 0; n < 11; n++) {
        const alone = await engine.activations(take(images, [n]), ["conv1", "fc3", "fc4"]);
        expect(bitsOf(together, n)).to.deep.equal(bitsOf(alone.fc4, 0));
        expect(bitsOf(layers.conv1, n)).to.deep.equal(bitsOf(alone.conv1, 0));
        expect(bitsOf(layers.fc3, n)).to.deep.equal(bitsOf(alone.fc3, 0));
      }
    }));

  it("gives results that later calls do not change, and leaves its input alone", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 2);
      const input = images.data.slice();
      const first = await engine.forward(images);
      const copy = first.data.slice();
      await engine.forward(take(images, [1, 0]));
      expect(first.data).to.deep.equal(copy);
      expect(images.data).to.deep.equal(input);
      expect(first.data.buffer).to.be.instanceOf(ArrayBuffer);
    }));

  it("several engines run side by side, on networks and kernels of their own", async () => {
    const golden = readGolden("twins/torchvision");
    const other: EngineOptions = {
      network: golden.network,
      weights: golden.weights,
      threads: 3,
      maxBatch: 2,
      kernels: "reference",
    };
    await withEngine(small, (one) =>
      withEngine({ ...small, threads: 1 }, (two) =>
        withEngine(other, async (three) => {
          const engines = [one, two, three];
          const alone: Buffer[] = [];
          for (const engine of engines) alone.push(bitsOf(await engine.forward(imagesFor(engine, 2)), 1));
          expect(alone[0]).to.deep.equal(alone[1]);
          const together = await Promise.all(
            engines.map(async (engine) => {
              const outputs: Buffer[] = [];
              for (let repeat = 0; repeat < 5; repeat++)
                outputs.push(bitsOf(await engine.forward(imagesFor(engine, 2)), 1));
              return outputs;
            }),
          );
          together.forEach((outputs, index) => {
            for (const output of outputs) expect(output).to.deep.equal(alone[index]);
          });
        }),
      ),
    );
  });

  it("times every operation of a batch on every worker", () =>
    withEngine(small, async (engine) => {
      const times = await engine.time(3);
      expect(times.length).to.equal(2);
      const operations = new Set(times.flatMap((time) => time.operations.map(([operation]) => operation)));
      expect([...operations].sort((a, b) => a - b)).to.deep.equal(
        engine.plan.graph.operations.map(({ index }) => index),
      );
      for (const { waiting } of times) expect(waiting).to.be.at.least(0);
    }));

  it("tells a trace what each worker did in a batch, and when", async () => {
    const told: TraceSpan[] = [];
    const from = traceNow();
    await withEngine({ ...small, trace: (spans) => told.push(...spans) }, async (engine) => {
      await engine.forward(imagesFor(engine, 2));
      const names = (kind: string, index: number) =>
        new Set(
          told.filter(({ lane }) => lane.kind === kind && lane.index === index).map(({ name }) => name),
        );
      const layers = engine.plan.graph.operations.map(({ layer }) => layer.name);
      expect([...names("main", 0)]).to.deep.equal(["input"]);
      // the last layer has work for one worker only
      const workers = [0, 1].map((worker) => names("worker", worker));
      for (const own of workers) expect([...own]).to.include.members(["conv1", "barrier"]);
      expect(new Set(workers.flatMap((own) => [...own]))).to.deep.equal(new Set([...layers, "barrier"]));
    });
    // a millisecond for clocks of threads that do not agree
    for (const span of told) {
      expect(span.from).to.be.within(from - 1, traceNow() + 1);
      expect(span.to).to.be.at.least(span.from);
    }
  });
});

describe("an engine that is cancelled", () => {
  const reason = new Error("enough");
  const outcome = (run: Promise<unknown>) =>
    run.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("does not begin a call whose signal is aborted", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 2);
      const signal = AbortSignal.abort(reason);
      expect(await outcome(engine.forward(images, { signal }))).to.equal(reason);
      expect(await outcome(engine.activations(images, ["fc3"], { signal }))).to.equal(reason);
      expect((await engine.forward(images)).shape).to.deep.equal([2, 7]);
    }));

  it("ends a call that waits, and one between two of its batches", () =>
    withEngine(small, async (engine) => {
      const images = imagesFor(engine, 12);
      const controller = new AbortController();
      const { signal } = controller;
      // the signal is asked before each batch; its second question is between the first two
      let asked = 0;
      const original = signal.throwIfAborted.bind(signal);
      signal.throwIfAborted = () => {
        if (++asked === 2) controller.abort(reason);
        original();
      };
      const [running, waiting, other] = await Promise.all([
        outcome(engine.forward(images, { signal })),
        outcome(engine.forward(images, { signal })),
        outcome(engine.forward(images)),
      ]);
      expect(running).to.equal(reason);
      expect(waiting).to.equal(reason);
      expect(other).to.equal(undefined);
      expect(asked).to.equal(3);
    }));
});

describe("closing an engine", () => {
  it("finishes the calls that were made, refuses later ones, and may be asked twice", async () => {
    const engine = await createEngine(small);
    const images = imagesFor(engine, 9);
    const calls = [engine.forward(images), engine.forward(images)];
    const closing = engine.close();
    const late = engine.forward(images).then(
      () => "served",
      (error: unknown) => error,
    );
    expect(engine.close()).to.equal(closing);
    await closing;
    const [first, second] = await Promise.all(calls);
    expect(first.shape).to.deep.equal([9, 7]);
    expect(second.data).to.deep.equal(first.data);
    expect(await late).to.have.property("code", "ENGINE_CLOSED");
  });

  it("is what `await using` does", async () => {
    const engine = await createEngine(small);
    await engine[Symbol.asyncDispose]();
    const late = engine.forward(imagesFor(engine, 1)).catch((error: unknown) => error);
    expect(await late).to.have.property("code", "ENGINE_CLOSED");
  });

  it("lets go of the memory, also while someone holds the engine", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { engine, memory } = await Watched.create(small);
    await engine.forward(imagesFor(engine, 1));
    expect(memory.deref()).to.not.equal(undefined);
    await engine.close();
    for (let attempt = 0; attempt < 50 && memory.deref() !== undefined; attempt++) {
      await turn();
      collect();
    }
    expect(memory.deref()).to.equal(undefined);
    expect(engine.threads).to.equal(2);
  });

  it("an open engine does not keep a program alive, and changes nothing in its process", async () => {
    const child = fork(new URL("./fixtures/open-engine.js", import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const said = once(child, "message");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).to.equal(0);
    expect((await said)[0]).to.deep.equal({ shape: [1, 7], before: "same", after: "same" });
  });
});

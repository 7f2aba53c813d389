import { once } from "node:events";
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect } from "chai";
import type { ImageSource, Row } from "../../lib/scoring/rows.js";
import { ScoreStream } from "../../lib/scoring/score-stream.js";
import { errorOf, settle } from "./small.js";

const row = (path: string): Row => ({ path, top: [] });
const names = (length: number): string[] => Array.from({ length }, (_, index) => `${index}.jpg`);

/** Scoring that answers each image with a row, and what happened to it. */
function fakeScoring(failure?: { readonly at: number; readonly error: unknown }) {
  const log = { taken: 0, given: 0, ended: "" };
  async function* score(images: AsyncIterable<ImageSource>, signal: AbortSignal): AsyncGenerator<Row, void> {
    try {
      for await (const image of images) {
        if (failure?.at === log.taken) throw failure.error;
        log.taken++;
        yield row(image as string);
        log.given++;
      }
      if (!signal.aborted) log.ended = "done";
    } finally {
      log.ended ||= signal.aborted ? "stopped" : "left";
    }
  }
  return { stream: () => new ScoreStream(score), log };
}

function collector(): { readonly writer: Writable; readonly rows: Row[] } {
  const rows: Row[] = [];
  const writer = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(item: Row, _encoding, callback) {
      rows.push(item);
      setImmediate(callback);
    },
  });
  return { writer, rows };
}

describe("ScoreStream", () => {
  for (const length of [0, 1, 100])
    it(`takes ${length} images from a pipeline and gives their rows in order`, async () => {
      const { stream, log } = fakeScoring();
      const { writer, rows } = collector();
      await pipeline(names(length), stream(), writer);
      expect(rows).to.deep.equal(names(length).map(row));
      expect(log.ended).to.equal("done");
    });

  it("is one of Node's transforms, which finishes when scoring has ended", async () => {
    const { stream, log } = fakeScoring();
    const transform = stream();
    expect(transform).to.be.instanceOf(Transform);
    const rows: unknown[] = [];
    transform.on("data", (item) => rows.push(item));
    let endedAtFinish = "";
    transform.on("finish", () => (endedAtFinish = log.ended));
    for (const name of names(20)) transform.write(name);
    transform.end();
    await once(transform, "close");
    expect(endedAtFinish).to.equal("done");
    expect(rows).to.deep.equal(names(20).map(row));
  });

  it("gives rows to for await, to data listeners and to read()", async () => {
    const wanted = names(50).map(row);
    const iterated: unknown[] = [];
    for await (const item of Readable.from(names(50)).pipe(fakeScoring().stream())) iterated.push(item);
    expect(iterated).to.deep.equal(wanted);

    const heard: unknown[] = [];
    const flowing = Readable.from(names(50)).pipe(fakeScoring().stream());
    flowing.on("data", (item) => heard.push(item));
    await once(flowing, "end");
    expect(heard).to.deep.equal(wanted);

    const read: unknown[] = [];
    const paused = Readable.from(names(50)).pipe(fakeScoring().stream());
    paused.on("readable", () => {
      for (let item: unknown = paused.read(); item !== null; item = paused.read()) read.push(item);
    });
    await once(paused, "end");
    expect(read).to.deep.equal(wanted);
  });

  it("holds back the writer while nobody reads", async () => {
    const { stream, log } = fakeScoring();
    const scoring = stream();
    let offered = 0;
    function* source() {
      while (offered < 1000) yield `${offered++}.jpg`;
    }
    const images = Readable.from(source(), { highWaterMark: 1 });
    images.pipe(scoring);
    // rows are wanted from now on, and none is read
    scoring.on("readable", () => undefined);
    await settle();
    expect(log.taken).to.equal(scoring.readableHighWaterMark);
    // one image is offered for scoring, one waits in each of the two streams, one is on its way between them
    expect(offered - log.taken).to.be.at.most(4);
    scoring.destroy();
    await once(scoring, "close");
    expect(log.ended).to.equal("stopped");
  });

  it("an error of scoring rejects the pipeline, after the rows before it", async () => {
    const error = new Error("a worker failed");
    const { stream } = fakeScoring({ at: 3, error });
    const { writer } = collector();
    expect(await errorOf(pipeline(names(10), stream(), writer))).to.equal(error);
    expect(writer.destroyed).to.equal(true);
  });

  it("a thrown value that is no error becomes one", async () => {
    const { stream } = fakeScoring({ at: 0, error: "text" });
    const error = await errorOf(pipeline(names(10), stream(), collector().writer));
    expect(error).to.be.instanceOf(Error).with.property("message", "text");
  });

  it("an error of the source ends scoring", async () => {
    const error = new Error("list");
    const { stream, log } = fakeScoring();
    async function* source() {
      yield "0.jpg";
      await settle();
      throw error;
    }
    expect(await errorOf(pipeline(Readable.from(source()), stream(), collector().writer))).to.equal(error);
    await settle();
    expect(log.ended).to.equal("stopped");
  });

  it("an error of the writer ends scoring", async () => {
    const error = new Error("disk full");
    const { stream, log } = fakeScoring();
    const writer = new Writable({
      objectMode: true,
      write(_item, _encoding, callback) {
        callback(error);
      },
    });
    expect(await errorOf(pipeline(names(1000), stream(), writer))).to.equal(error);
    await settle();
    expect(log.ended).to.equal("stopped");
  });

  it("is closed only when scoring has ended", async () => {
    let release: () => void = () => undefined;
    let ended = false;
    const stream = new ScoreStream(async function* (images) {
      for await (const image of images) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        ended = true;
        yield row(image as string);
      }
    });
    stream.resume();
    stream.write("0.jpg");
    await settle();
    let closed = false;
    stream.once("close", () => {
      closed = true;
    });
    stream.destroy();
    await settle();
    expect(closed).to.equal(false);
    release();
    await settle();
    expect([closed, ended]).to.deep.equal([true, true]);
  });
});

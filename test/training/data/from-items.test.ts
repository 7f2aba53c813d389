import { join } from "node:path";
import { expect } from "chai";
import { datasetFrom, type LabelledImage } from "../../../lib/training/data/from-items.js";
import { errorOf } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { inFolder, png, writeFiles } from "./helpers.js";

const grey = (value: number, width = 2, height = 1) => ({
  width,
  height,
  channels: 1 as const,
  data: new Uint8Array(width * height).fill(value),
});

describe("datasetFrom", () => {
  it("takes pixels, the bytes of files and paths, from sync and async iterables", () =>
    inFolder(async (folder) => {
      const bytes = await png(3, 1, 3, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
      await writeFiles(folder, { "x.png": bytes });
      const items: LabelledImage[] = [
        { image: grey(5), label: 0 },
        { image: bytes, label: 2 },
        { image: join(folder, "x.png"), label: 1 },
      ];
      async function* later() {
        for (const item of items) yield await Promise.resolve(item);
      }
      for (const source of [items, later()]) {
        const dataset = await datasetFrom(source, { source: "mine" });
        expect(dataset).to.deep.include({
          source: "mine",
          size: 3,
          classes: ["0", "1", "2"],
          inMemory: false,
        });
        expect(dataset.shape).to.equal(undefined);
        expect([0, 1, 2].map((index) => dataset.label(index))).to.deep.equal([0, 2, 1]);
        expect(await dataset.pixels(0)).to.deep.equal(grey(5));
        const decoded = { width: 3, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
        expect(await dataset.pixels(1)).to.deep.equal(decoded);
        expect(await dataset.pixels(2)).to.deep.equal(decoded);
      }
    }));

  it("of pixels alone is in memory, and knows their shape where they have one", async () => {
    const alike = await datasetFrom([
      { image: grey(1), label: 0 },
      { image: grey(2), label: 0 },
    ]);
    expect(alike).to.deep.include({ inMemory: true, shape: [1, 1, 2] });
    const different = await datasetFrom([
      { image: grey(1), label: 0 },
      { image: grey(2, 1, 2), label: 0 },
    ]);
    expect(different.inMemory).to.equal(true);
    expect(different.shape).to.equal(undefined);
  });

  it("has the names that labels are as classes, in their order, or those that are given", async () => {
    const items = ["dog", "cat", "dog"].map((label, at) => ({ image: grey(at), label }));
    const own = await datasetFrom(items);
    expect(own.classes).to.deep.equal(["cat", "dog"]);
    expect([0, 1, 2].map((index) => own.label(index))).to.deep.equal([1, 0, 1]);
    const given = await datasetFrom(items, { classes: ["dog", "emu", "cat"] });
    expect([0, 1, 2].map((index) => given.label(index))).to.deep.equal([0, 2, 0]);
    const byIndex = await datasetFrom([{ image: grey(0), label: 1 }], { classes: ["dog", "emu", "cat"] });
    expect(byIndex.classes).to.deep.equal(["dog", "emu", "cat"]);
  });

  it("keeps images of its own: an iterable may use its memory again", async () => {
    const shared = grey(0);
    function* reusing() {
      for (const value of [3, 4]) {
        shared.data.fill(value);
        yield { image: shared, label: 0 };
      }
    }
    const dataset = await datasetFrom(reusing());
    expect([await dataset.pixels(0), await dataset.pixels(1)]).to.deep.equal([grey(3), grey(4)]);
  });

  it("stops at the bytes that it may take, and closes the iterable", async () => {
    let closed = false;
    function* endless() {
      try {
        for (;;) yield { image: grey(0, 1000, 10), label: 0 };
      } finally {
        closed = true;
      }
    }
    await expectError(
      datasetFrom(endless(), { maxBytes: 1_000_000 }),
      "MEMORY_TOO_LARGE",
      // 10,000 bytes and 100 for each: 99 have 999,900
      "item 99: the images up to it take more than maxBytes, 1000000; raise maxBytes, or give paths in place of images",
    );
    expect(closed).to.equal(true);
  });

  it("ends with the signal's reason, even where the iterable keeps it waiting", async () => {
    const stop = new AbortController();
    async function* stuck() {
      yield { image: grey(0), label: 0 };
      stop.abort(new Error("enough"));
      await new Promise(() => undefined);
    }
    expect(await errorOf(datasetFrom(stuck(), { signal: stop.signal }))).to.have.property(
      "message",
      "enough",
    );
  });

  it("throws what the iterable throws", async () => {
    const failure = new Error("no more");
    // eslint-disable-next-line require-yield
    function* failing(): Generator<LabelledImage> {
      throw failure;
    }
    expect(await errorOf(datasetFrom(failing()))).to.equal(failure);
  });

  const rule =
    "a path, the bytes of an image file, or { width, height, channels, data } with 1 or 3 channels, sides up to 4096 and" +
    " as many bytes of data";
  for (const [title, items, text] of [
    ["no image", [{ label: 0 }], `item 0: image is nothing; it must be ${rule}`],
    ["null", [null], `item 0: image is nothing; it must be ${rule}`],
    [
      "pixels of another length",
      [{ image: { ...grey(0), data: new Uint8Array(3) }, label: 0 }],
      `item 0: image is {"width":2,"height":1,"channels":1,"data":"a Uint8Array of 3 bytes"}; it must be ${rule}`,
    ],
    [
      "four channels",
      [{ image: { ...grey(0), channels: 4 }, label: 0 }],
      `item 0: image is {"width":2,"height":1,"channels":4,"data":"a Uint8Array of 2 bytes"}; it must be ${rule}`,
    ],
    [
      "a side of 0",
      [{ image: grey(0, 0), label: 0 }],
      `item 0: image is {"width":0,"height":1,"channels":1,"data":"a Uint8Array of 0 bytes"}; it must be ${rule}`,
    ],
    [
      "a side that is too long",
      [{ image: grey(0, 4097), label: 0 }],
      `item 0: image is {"width":4097,"height":1,"channels":1,"data":"a Uint8Array of 4097 bytes"}; it must be ${rule}`,
    ],
    [
      "a label of -1",
      [{ image: grey(0), label: -1 }],
      "item 0: label is -1; it must be a class's index, a whole number from 0, or its name",
    ],
    [
      "no label",
      [{ image: grey(0), label: 0 }, { image: grey(0) }],
      "item 1: label is nothing; it must be a class's index, a whole number from 0, or its name",
    ],
    [
      "labels of both kinds",
      [
        { image: grey(0), label: 0 },
        { image: grey(0), label: "cat" },
      ],
      'item 1: label is "cat"; it must be a number, as the label before it is',
    ],
    [
      "a label that nobody means",
      [{ image: grey(0), label: 1e9 }],
      "item 0: label is 1000000000; it must be below 1000000",
    ],
    ["no item", [], "images: there is no item; training needs images; check the iterable"],
  ] as const)
    it(`refuses ${title}`, () =>
      expectError(datasetFrom(items as unknown as LabelledImage[]), "INPUT_INVALID", text));

  it("refuses labels that are no class", async () => {
    for (const [label, shown] of [
      ["emu", '"emu"'],
      [2, "2"],
    ] as const)
      await expectError(
        datasetFrom([{ image: grey(0), label }], { classes: ["cat", "dog"] }),
        "INPUT_INVALID",
        `item 0: label is ${shown}; it must be one of the 2 classes`,
      );
  });

  it("refuses options that are none", async () => {
    const items = [{ image: grey(0), label: 0 }];
    await expectError(
      datasetFrom("x" as unknown as LabelledImage[]),
      "OPTION_INVALID",
      'items: got "x"; it must be an iterable or async iterable of { image, label }',
    );
    await expectError(
      datasetFrom(items, { classes: [] }),
      "OPTION_INVALID",
      "classes: got []; it must be a list of class names",
    );
    await expectError(
      datasetFrom(items, { maxBytes: 0 }),
      "OPTION_INVALID",
      "maxBytes: got 0; it must be a number of bytes above 0",
    );
  });
});

import { expect } from "chai";
import { loadWeights } from "../../lib/weights/load.js";
import { readPickle } from "../../lib/weights/pickle/pickle.js";
import { rebuiltTensors, TORCH_GLOBALS } from "../../lib/weights/torch/torch-rebuild.js";
import { stateTensors } from "../../lib/weights/torch/torch-state.js";
import {
  floats,
  op,
  pickleBytes,
  tensorPickle,
  torchBytes,
  zipBytes,
  type TensorParts,
} from "./helpers/build.js";
import { expectedOf, expectError, expectFixture, fixture, readAll, withFile } from "./helpers/files.js";

describe("PyTorch zip files", () => {
  for (const name of [
    "state",
    "parallel",
    "checkpoint",
    "towers",
    "dtypes",
    "strided",
    "tied",
    "parameter",
    "counter",
  ])
    it(`reads torch-${name}.pth as torch does, whole and in odd pieces`, () =>
      expectFixture(`torch-${name}.pth`, "torch-zip"));

  it("reads tensors out of order and at the same time", async () => {
    const weights = await loadWeights(fixture("torch-strided.pth"));
    const expected = await expectedOf("torch-strided.pth");
    await weights.stream(async (read) => {
      const reads = ["transposed", "half_transposed", "steps", "transposed", "channels_last"].map(
        async (name) => {
          const out = new Float32Array(3);
          await read(name, 1, out);
          expect([...out], name).to.deep.equal(expected[name].values.slice(1, 4));
        },
      );
      await Promise.all(reads);
    });
  });

  const save = "save it with torch.save(model.state_dict(), path)";
  const refusedFixtures: readonly [name: string, text: string | RegExp][] = [
    [
      "torch-module.pth",
      `torch-module/data.pkl byte 2 wants to import "__main__.Tiny", which a state dict does not need; ${save}`,
    ],
    [
      "torch-int32.pth",
      /data\.pkl byte \d+ wants to import "torch\.IntStorage", which a state dict does not need; /,
    ],
    [
      "torch-int64.pth",
      'tensor "steps": dtype is "I64"; it must be one of F32, F16, BF16, F64; convert it to F32',
    ],
    ["torch-list.pth", `the file holds a list of 1, not a state dict; ${save}`],
    [
      "torch-protocol4.pth",
      "torch-protocol4/data.pkl byte 0 is of pickle protocol 4, not 2; save it with torch.save's default protocol",
    ],
    [
      "torch-expanded.pth",
      'tensor "bomb" has stride [0, 0], by which elements of size [1000, 1000] share places; save tensor.contiguous()',
    ],
  ];
  for (const [name, text] of refusedFixtures)
    it(`refuses ${name}`, () =>
      expectError(
        loadWeights(fixture(name)),
        "WEIGHTS_INVALID",
        typeof text === "string" ? `FILE: ${text}` : text,
        fixture(name),
      ));

  it("refuses NaN while streaming", async () => {
    const path = fixture("torch-nan.pth");
    await expectError(
      readAll(await loadWeights(path)),
      "WEIGHTS_INVALID",
      'FILE: tensor "a": element 2 is NaN; every value must be finite as float32;' +
        " training diverged or the file is damaged",
      path,
    );
  });

  const damaged = "; the file is damaged, get it again";
  const contiguous = "; save tensor.contiguous()";
  const tensors: readonly [tensor: TensorParts, text: string][] = [
    [{ key: "1" }, `: storage "1" is not in the file${damaged}`],
    [{ elements: 3 }, `: storage elements is 3; it must be 2, as its 8 bytes of F32 are${damaged}`],
    [{ elements: -1 }, `: storage: elements is -1; it must be a whole number from 0${damaged}`],
    [{ type: "DoubleStorage" }, `: storage elements is 2; it must be 1, as its 8 bytes of F64 are${damaged}`],
    [
      { offset: 1 },
      `: storage offset + span is 3; it must be at most 2, the elements of its storage${damaged}`,
    ],
    [{ offset: -1 }, `: storage offset is -1; it must be a whole number from 0${damaged}`],
    [
      { size: [3] },
      `: storage offset + span is 3; it must be at most 2, the elements of its storage${damaged}`,
    ],
    [{ size: [0] }, `: size is [0]; it must be whole numbers from 1${damaged}`],
    [{ size: [-2] }, `: size is [-2]; it must be whole numbers from 1${damaged}`],
    [{ stride: [-1] }, `: stride is [-1]; it must be whole numbers from 0${damaged}`],
    [
      { stride: [1, 1] },
      `: stride is [1,1]; it must be as long as size, which has 1, up to 8 axes${damaged}`,
    ],
    [
      { size: [1, 1, 1, 1, 1, 1, 1, 1, 2], stride: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
      `: stride is [1,1,1,1,1,1,1,1,1]; it must be as long as size, which has 9, up to 8 axes${damaged}`,
    ],
    [{ stride: [0] }, ` has stride [0], by which elements of size [2] share places${contiguous}`],
    [
      { size: [2, 2], stride: [1, 1] },
      ` has stride [1, 1], by which elements of size [2, 2] share places${contiguous}`,
    ],
    [
      { size: [2 ** 30, 2 ** 30], stride: [2 ** 30, 1] },
      `: size is [1073741824,1073741824]; it must be of fewer than 2^53 elements${damaged}`,
    ],
  ];
  for (const [tensor, text] of tensors)
    it(`refuses a tensor with ${JSON.stringify(tensor)}`, () =>
      withFile(torchBytes(pickleBytes(op.dict(op.text("w"), tensorPickle(tensor)))), (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: tensor "w"${text}`, path),
      ));

  const entries: readonly [title: string, pickle: Buffer, text: string][] = [
    [
      "an entry that is no tensor",
      op.dict(op.text("epoch"), op.int(3)),
      `tensor "epoch" is a number, not a tensor; ${save}`,
    ],
    [
      "a name that is no string",
      op.dict(op.int(3), tensorPickle()),
      "the state dict has a number as a key; name tensors by strings",
    ],
    [
      "a tensor without a storage",
      op.dict(
        op.text("w"),
        op.reduce(
          op.global("torch._utils", "_rebuild_tensor"),
          op.tuple(op.none, op.int(0), op.tuple(), op.tuple()),
        ),
      ),
      `tensor "w": storage is None without a type and a key${damaged}`,
    ],
    [
      "a tensor without arguments",
      op.dict(op.text("w"), op.reduce(op.global("torch._utils", "_rebuild_tensor"), op.tuple())),
      `tensor "w": storage is nothing without a type and a key${damaged}`,
    ],
  ];
  for (const [title, pickle, text] of entries)
    it(`refuses ${title}`, () =>
      withFile(torchBytes(pickleBytes(pickle)), (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: ${text}`, path),
      ));

  it("refuses tensors that name a storage far more often than it is stored, and takes tied ones", async () => {
    const storage = { 0: Buffer.alloc(1 << 20) };
    const tensor = { elements: 1 << 18, size: [1 << 18] };
    const named = (count: number) =>
      torchBytes(
        pickleBytes(
          op.dict(
            ...Array.from({ length: count }, (_, i) => [op.text(`w${i}`), tensorPickle(tensor)]).flat(),
          ),
        ),
        storage,
      );
    await withFile(named(4), async (path) => {
      expect((await loadWeights(path)).tensors.size).to.equal(4);
    });
    await withFile(named(5), (path) =>
      expectError(
        loadWeights(path),
        "WEIGHTS_INVALID",
        /^FILE: the size of its tensors together is 5242880 bytes, more than 4 times the \d+ in which they lie; save each /,
        path,
      ),
    );
  });

  it("refuses a tensor with gaps over more than 256 MB, before it reads anything", async () => {
    const elements = (1 << 26) + 1;
    const bytes = pickleBytes(
      op.dict(op.text("w"), tensorPickle({ elements, size: [2], stride: [elements - 1] })),
    );
    const { value } = readPickle({ source: "f", member: "m", bytes, start: 0, globals: TORCH_GLOBALS });
    await expectError(
      () =>
        stateTensors(
          "f",
          value,
          rebuiltTensors(() => ({ offset: 0, size: 4 * elements })),
        ),
      "WEIGHTS_INVALID",
      `f: tensor "w" spans ${elements} elements with gaps, more than 67108864${contiguous}`,
    );
  });

  it("takes a file that says it is little-endian and refuses one that says otherwise", async () => {
    const pickle = { name: "a/data.pkl", data: pickleBytes(op.dict(op.text("w"), tensorPickle())) };
    const storage = { name: "a/data/0", data: floats(1, 2) };
    const order = (text: string) => ({ name: "a/byteorder", data: Buffer.from(text) });
    await withFile(zipBytes([pickle, storage, order("little")]), async (path) => {
      expect((await readAll(await loadWeights(path))).get("w")).to.deep.equal(Float32Array.of(1, 2));
    });
    const refused: readonly [text: string, message: string][] = [
      ["big", 'FILE: member "a/byteorder" is "big", not "little"; save it on a little-endian machine'],
      ["x".repeat(17), `FILE: member "a/byteorder": size is 17; it must be at most 16${damaged}`],
    ];
    for (const [text, message] of refused)
      await withFile(zipBytes([pickle, storage, order(text)]), (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", message, path),
      );
  });

  it("refuses archives with no pickle, two, one too long, or bytes behind its end", async () => {
    const pickle = pickleBytes(op.dict());
    const cases: readonly [bytes: Buffer, text: string][] = [
      [
        zipBytes([{ name: "a/other", data: pickle }]),
        "is a zip archive without data.pkl, which is not read; give the file that torch.save wrote",
      ],
      [
        zipBytes([
          { name: "a/data.pkl", data: pickle },
          { name: "b/data.pkl", data: pickle },
        ]),
        `the zip archive has 2 members named data.pkl${damaged}`,
      ],
      [
        torchBytes(Buffer.alloc((1 << 20) + 1)),
        'member "archive/data.pkl" has 1048577 bytes, more than 1048576; save the state dict alone',
      ],
      [
        torchBytes(Buffer.concat([pickle, pickle])),
        `archive/data.pkl goes on behind its end at byte ${pickle.length}${damaged}`,
      ],
    ];
    for (const [bytes, text] of cases)
      await withFile(bytes, (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: ${text}`, path),
      );
  });
});

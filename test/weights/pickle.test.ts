import { expect } from "chai";
import { readPickle } from "../../lib/weights/pickle/pickle.js";
import {
  kindOf,
  PickleCall,
  PickleGlobal,
  PicklePersistent,
  PickleTuple,
  type PickleValue,
} from "../../lib/weights/pickle/pickle-values.js";
import { op, pickleBytes } from "./helpers/build.js";
import { expectError } from "./helpers/files.js";

const globals = new Set(["collections OrderedDict", "torch FloatStorage"]);
const read = (bytes: Uint8Array, start = 0): PickleValue =>
  readPickle({ source: "f", member: "m", bytes, start, globals }).value;
const raw = (...bytes: (number | string | Buffer)[]): Buffer =>
  Buffer.concat(bytes.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))));
const ordered = op.global("collections", "OrderedDict");

describe("the pickle machine", () => {
  const values: readonly [title: string, pickle: Buffer, value: unknown][] = [
    ["None, True and False", op.tuple(op.none, raw(0x88), raw(0x89)), new PickleTuple([null, true, false])],
    [
      "integers of 1, 2 and 4 bytes",
      op.tuple(raw("K", 200), raw("M", 1, 2), op.int(-5)),
      new PickleTuple([200, 513, -5]),
    ],
    [
      "long integers",
      op.tuple(raw(0x8a, 0), raw(0x8a, 1, 0xff), raw(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
      new PickleTuple([0, -1, 2n ** 64n]),
    ],
    ["a float", raw("G", Buffer.from("3fe23d70a3d70a3d", "hex")), 0.57],
    [
      "strings of Python 3 and 2",
      op.tuple(op.text("é"), raw("U", 2, 0xe9, 0x80)),
      new PickleTuple(["é", "é\x80"]),
    ],
    ["lists", raw("](", op.int(1), op.int(2), "e", op.int(3), "a"), [1, 2, 3]],
    [
      "dicts",
      raw("}", op.text("__proto__"), op.int(1), "s(", op.int(2), op.none, "u"),
      new Map<unknown, unknown>([
        ["__proto__", 1],
        [2, null],
      ]),
    ],
    [
      "tuples of 1, 2 and 3",
      raw("NN", 0x86, 0x85, "NN", 0x87),
      new PickleTuple([new PickleTuple([new PickleTuple([null, null])]), null, null]),
    ],
    ["an OrderedDict", raw(ordered, ")R(", op.text("a"), op.int(1), "u"), new Map([["a", 1]])],
    ["an OrderedDict of Python 2", raw(ordered, "(](](U", 1, "a", op.int(1), "eetR"), new Map([["a", 1]])],
    [
      "attributes of a dict, which are dropped",
      raw(ordered, ")R}(", op.text("_metadata"), ordered, ")Rub"),
      new Map(),
    ],
    [
      "a call as a record",
      raw(op.global("torch", "FloatStorage"), op.tuple(op.int(1)), "R"),
      new PickleCall("torch FloatStorage", [1]),
    ],
    ["a persistent object", op.persistent(op.text("0")), new PicklePersistent("0")],
    [
      "memo of both kinds",
      op.tuple(
        raw(op.text("a"), "q", 7),
        raw("h", 7),
        raw(op.int(1), "r", 0xff, 0xff, 0xff, 0xff),
        raw("j", 0xff, 0xff, 0xff, 0xff),
      ),
      new PickleTuple(["a", "a", 1, 1]),
    ],
  ];
  for (const [title, pickle, value] of values)
    it(`reads ${title}`, () => {
      expect(read(pickleBytes(pickle))).to.deep.equal(value);
    });

  it("starts where it is told and says where it stopped", () => {
    const bytes = raw("junk", pickleBytes(op.int(5)), "more");
    const { value, end } = readPickle({ source: "f", member: "m", bytes, start: 4, globals });
    expect([value, end]).to.deep.equal([5, bytes.length - 4]);
  });

  it("takes a list that holds itself without following it", () => {
    const value = read(pickleBytes(raw("]q", 0, "h", 0, "a")));
    expect(kindOf(value)).to.equal("a list of 1");
  });

  const need = "which a state dict does not need; save it with torch.save(model.state_dict(), path)";
  const damaged = "; the file is damaged, get it again";
  const refused: readonly [title: string, pickle: Buffer, text: string][] = [
    [
      "a call of the system",
      raw(op.global("posix", "system"), op.tuple(op.text("id")), "R"),
      `byte 2 wants to import "posix.system", ${need}`,
    ],
    ["a builtin", op.global("builtins", "eval"), `byte 2 wants to import "builtins.eval", ${need}`],
    [
      "a dotted name",
      op.global("torch", "FloatStorage.__class__"),
      `byte 2 wants to import "torch.FloatStorage.__class__", ${need}`,
    ],
    [
      "a longer module name",
      op.global("torch.x", "FloatStorage"),
      `byte 2 wants to import "torch.x.FloatStorage", ${need}`,
    ],
    [
      "a global without an end",
      raw("c", "x".repeat(200)),
      `byte 2 has no line of at most 128 bytes${damaged}`,
    ],
    ["STACK_GLOBAL", raw(op.text("a"), op.text("b"), 0x93), `byte 14 holds opcode 0x93, ${need}`],
    ["INST", raw("(ios\nsystem\n"), `byte 3 holds opcode 0x69, ${need}`],
    ["OBJ", raw("(No"), `byte 4 holds opcode 0x6f, ${need}`],
    ["EXT1", raw(0x82, 1), `byte 2 holds opcode 0x82, ${need}`],
    ["PERSID", raw("P0\n"), `byte 2 holds opcode 0x50, ${need}`],
    ["a frame", raw(0x95, 0, 0, 0, 0, 0, 0, 0, 0), `byte 2 holds opcode 0x95, ${need}`],
    ["NEWOBJ_EX", raw(0x92), `byte 2 holds opcode 0x92, ${need}`],
    [
      "another protocol",
      raw(0x80, 4),
      "byte 2 is of pickle protocol 4, not 2; save it with torch.save's default protocol",
    ],
    [
      "a long integer of 17 bytes",
      raw(0x8a, 17),
      `byte 2 holds an integer of 17 bytes, more than 16${damaged}`,
    ],
    [
      "a string past the end",
      raw("X", 0xff, 0xff, 0xff, 0xff),
      `byte 2 needs 4294967295 bytes, 1 are left${damaged}`,
    ],
    [
      "a string that is not UTF-8",
      raw("X", 1, 0, 0, 0, 0xff),
      `byte 2 holds a string that is not UTF-8${damaged}`,
    ],
    ["an empty stack", raw(0x85), `byte 2 takes more values than there are${damaged}`],
    ["a take across a mark", raw("N(", 0x85), `byte 4 takes more values than there are${damaged}`],
    ["a tuple without a mark", raw("Nt"), `byte 3 has no MARK before it${damaged}`],
    ["65 marks", raw("(".repeat(65)), `byte 66 nests deeper than 64${damaged}`],
    ["values left over", raw("NN"), `byte 4 stops with values left over${damaged}`],
    ["a mark left over", raw("(N"), `byte 4 stops with values left over${damaged}`],
    ["nothing at all", raw(), `byte 2 takes more values than there are${damaged}`],
    ["APPEND to a dict", raw("}Na"), `byte 4 appends to a dict of 0, not to a list${damaged}`],
    ["SETITEM of a list", raw("]NNs"), `byte 5 sets items of a list of 0, not of a dict${damaged}`],
    ["an odd SETITEMS", raw("}(Nu"), `byte 5 sets a key without a value${damaged}`],
    ["a list as a key", raw("}]Ns"), `byte 5 has a list of 0 as a key of a dict${damaged}`],
    ["a key twice", raw("}(NNNNu"), `byte 8 sets a key that is already there${damaged}`],
    ["a memo that was not put", raw("h", 3), `byte 2 wants memo 3, which was not put${damaged}`],
    ["a call of a string", raw(op.text("a"), ")R"), `byte 9 calls a string with a tuple of 0${damaged}`],
    [
      "a call without a tuple",
      raw(ordered, "NR"),
      `byte 28 calls collections.OrderedDict with None${damaged}`,
    ],
    [
      "an OrderedDict of a number",
      raw(ordered, "N", 0x85, "R"),
      `byte 29 makes an OrderedDict of something else than a list of pairs${damaged}`,
    ],
    [
      "an OrderedDict of triples",
      raw(ordered, "](NNN", 0x87, "e", 0x85, "R"),
      `byte 35 has a tuple of 3 for a pair of an OrderedDict${damaged}`,
    ],
    ["BUILD on a list", raw("]Nb"), `byte 4 sets the state of a list of 0${damaged}`],
  ];
  for (const [title, pickle, text] of refused)
    it(`refuses ${title}`, () =>
      expectError(() => read(pickleBytes(pickle)), "WEIGHTS_INVALID", `f: m ${text}`));

  it("refuses a pickle without STOP, at every cut", async () => {
    const whole = pickleBytes(op.dict(op.text("a"), op.tuple(op.int(1), raw("M", 1, 2))));
    for (let length = 0; length < whole.length; length++)
      await expectError(
        () => read(whole.subarray(0, length)),
        "WEIGHTS_INVALID",
        /^f: m byte \d+ needs \d+ bytes, \d+ are left/,
      );
  });

  it("stops after 200000 opcodes", () =>
    expectError(
      () => read(raw(0x80, 2, "]".repeat(300_000))),
      "WEIGHTS_INVALID",
      "f: m byte 200000 is the last of 200000 opcodes that are read; save the state dict alone",
    ));

  it("stops when one list is made an OrderedDict again and again", () => {
    const pairs = Array.from({ length: 1000 }, (_, key) => raw(op.int(key), "N", 0x86));
    const again = raw(ordered, "h", 0, 0x85, "R");
    const times = (count: number) =>
      pickleBytes(op.tuple(raw("](", ...pairs, "eq", 0), ...Array<Buffer>(count).fill(again)));
    expect(kindOf(read(times(200)))).to.equal("a tuple of 201");
    return expectError(
      () => read(times(201)),
      "WEIGHTS_INVALID",
      /^f: m byte \d+ brings the entries of OrderedDicts to 201000, more than 200000; save the state dict alone$/,
    );
  });

  it("names every kind of value", () => {
    const kinds: readonly [value: PickleValue | undefined, kind: string][] = [
      [undefined, "nothing"],
      [true, "a boolean"],
      [1n, "a bigint"],
      [new PickleGlobal("torch FloatStorage"), "torch.FloatStorage"],
      [new PickleCall("torch._utils _rebuild_tensor", []), "a torch._utils._rebuild_tensor"],
      [new PicklePersistent(null), "a persistent object"],
    ];
    for (const [value, kind] of kinds) expect(kindOf(value)).to.equal(kind);
  });
});

import { expect } from "chai";
import { parseNpyHeader } from "../../lib/weights/numpy/npy-header.js";
import { headerText, npyHeader } from "./helpers/numpy.js";
import { expectError } from "./helpers/files.js";

const damaged = "; the file is damaged, get it again";
const good = headerText("<f4", "(3, 2)");

describe("npy headers", () => {
  const read: readonly [text: string, fortranOrder: boolean, shape: number[]][] = [
    [good, false, [3, 2]],
    ["{'shape':(),'fortran_order':True,'descr':'<f4'}", true, []],
    ['{ "descr" : "<f4", "fortran_order": False, "shape": (7L,) }   \n', false, [7]],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9007199254740991), }", false, [0, 2 ** 53 - 1]],
  ];
  for (const [text, fortranOrder, shape] of read)
    it(`read ${text.trim()}`, () => {
      for (const version of [1, 2, 3]) {
        const header = npyHeader(text, [version, 0]);
        expect(parseNpyHeader("f", Buffer.concat([header, Buffer.from("data")]))).to.deep.equal({
          descr: "<f4",
          fortranOrder,
          shape,
          dataOffset: header.length,
        });
      }
    });

  const with_ = (fields: string) => npyHeader(`{${fields}}`);
  const key = (got: string) =>
    `a key of the .npy header is "${got}"; it must be one of descr, fortran_order and shape, each once${damaged}`;
  const missing = `the .npy header does not hold descr, fortran_order and shape${damaged}`;
  const refused: readonly [title: string, bytes: Buffer, text: string][] = [
    [
      "other bytes",
      Buffer.from("\x93NUMPX\x01\x00......", "latin1"),
      `the .npy header does not start with "\\x93NUMPY"${damaged}`,
    ],
    [
      "a cut in the first bytes",
      npyHeader(good).subarray(0, 9),
      `the .npy header ends after 9 bytes${damaged}`,
    ],
    [
      "a cut in the text",
      npyHeader(good).subarray(0, 40),
      `the .npy header needs ${good.length} bytes, 30 are left${damaged}`,
    ],
    [
      "version 4",
      npyHeader(good, [4, 0]),
      "the .npy header is of version 4.0, not 1.0 to 3.0; save it with NumPy's save",
    ],
    [
      "a long one",
      npyHeader(good, [2, 0], 10_001),
      `the .npy header's length is 10001; it must be at most 10000${damaged}`,
    ],
    [
      "text that is not UTF-8",
      npyHeader("{\u0000}", [3, 0], 3).fill(0xff, 12),
      `the .npy header is not UTF-8${damaged}`,
    ],
    [
      "nothing",
      npyHeader("          "),
      `the .npy header, character 10, is the end where "{" belongs${damaged}`,
    ],
    ["no fields", npyHeader("{}        "), missing],
    ["a field left out", with_("'descr': '<f4', 'shape': ()"), missing],
    ["a field twice", with_("'shape': (), 'shape': ()"), key("shape")],
    ["another field", with_("'__proto__': ()"), key("__proto__")],
    [
      "a call",
      with_("'shape': eval('1')"),
      `the .npy header, character 10, is "e" where "(" belongs${damaged}`,
    ],
    [
      "a negative size",
      with_("'shape': (-1,)"),
      `the .npy header, character 11, is "-" where a size belongs${damaged}`,
    ],
    [
      "a number for a shape",
      with_("'shape': (3)"),
      `the .npy header, character 12, is ")" where "," belongs${damaged}`,
    ],
    [
      "a word",
      with_("'fortran_order': 1"),
      `the .npy header, character 18, is "1" where True or False belongs${damaged}`,
    ],
    [
      "an open end",
      npyHeader("{'shape': ()    "),
      `the .npy header, character 16, is the end where "}" belongs${damaged}`,
    ],
    [
      "text behind it",
      npyHeader(`${good.trim()} # more`),
      `the .npy header, character ${good.length}, is "#" where the end belongs${damaged}`,
    ],
    [
      "a key that is no string",
      npyHeader("{descr: 1}"),
      `the .npy header, character 1, is "d" where a key belongs${damaged}`,
    ],
    [
      "a size past 2^53",
      with_("'shape': (9007199254740992,)"),
      `a size of the .npy header is 9007199254740992; it must be below 2^53${damaged}`,
    ],
    [
      "nine axes",
      with_(`'shape': (${"1, ".repeat(9)})`),
      `the shape of the .npy header is [1,1,1,1,1,1,1,1,1]; it must be of up to 8 axes${damaged}`,
    ],
    [
      "several fields in a descr",
      with_("'descr': [('a', '<f4')]"),
      "the .npy header has a descr of several fields; save each array by itself with np.savez",
    ],
  ];
  for (const [title, bytes, text] of refused)
    it(`refuse ${title}`, () =>
      expectError(() => parseNpyHeader("f", bytes), "WEIGHTS_INVALID", `f: ${text}`));

  it("are refused at every cut", async () => {
    const header = npyHeader(good);
    for (let length = 0; length < header.length; length++)
      await expectError(
        () => parseNpyHeader("f", header.subarray(0, length)),
        "WEIGHTS_INVALID",
        /^f: the \.npy header /,
      );
  });
});

/** Members that unpack to far more than the file holds. */
import { deflateRawSync } from "node:zlib";
import { crc32 } from "../../../lib/weights/crc32.js";
import { op, pickleBytes, tensorPickle, zipBytes, type MemberParts } from "../helpers/build.js";
import { headerText, npyBytes, npyHeader } from "../helpers/numpy.js";
import { itRefuses, Judge, type HostileCase } from "./judge.js";

const MEGABYTE = 1 << 20;
const PLAIN = "; save it with np.savez, which does not pack";

const packed = (name: string, data: Uint8Array, parts: Partial<MemberParts> = {}): MemberParts => {
  const deflated = deflateRawSync(data);
  return {
    name,
    data: deflated,
    method: 8,
    crc: crc32(data),
    size: data.length,
    packedSize: deflated.length,
    ...parts,
  };
};
const zeros = (elements: number): Buffer => npyBytes("<f4", `(${elements},)`, Buffer.alloc(4 * elements));

const CASES: readonly HostileCase[] = [
  [
    "npz",
    "256 MB of zeros",
    () => zipBytes([packed("a.npy", zeros(64 * MEGABYTE))]),
    new RegExp(
      `^FILE: member "a\\.npy" unpacks to 2684\\d{5} bytes, more than 40 times its 26\\d{4}${PLAIN}$`,
    ),
  ],
  [
    "npz",
    "256 members of a megabyte of zeros",
    () => {
      const member = packed("", zeros(MEGABYTE / 4));
      return zipBytes(Array.from({ length: 256 }, (_, index) => ({ ...member, name: `${index}.npy` })));
    },
    new RegExp(`^FILE: member "0\\.npy" unpacks to 10486\\d\\d bytes, more than 40 times its \\d+${PLAIN}$`),
  ],
  [
    "npz",
    "64 MB behind a size of a few bytes",
    () =>
      zipBytes([
        packed("a.npy", Buffer.concat([zeros(2), Buffer.alloc(64 * MEGABYTE)]), { size: zeros(2).length }),
      ]),
    /^FILE: member "a\.npy": unpacked size is \d{1,6}; it must be 76, as the directory says; the file is damaged/,
  ],
  [
    "npz",
    "a size of 4 GB that nothing is behind",
    () => {
      const data = npyHeader(headerText("<f4", `(${MEGABYTE},)`));
      return zipBytes([packed("a.npy", data, { size: 2 ** 32 - 1 })]);
    },
    new RegExp(`^FILE: member "a\\.npy" unpacks to 4294967295 bytes, more than 40 times its \\d+${PLAIN}$`),
  ],
  [
    "npz",
    "members that share what they unpack",
    () => {
      const member = packed("", zeros(16_000));
      return zipBytes([
        { ...member, name: "0.npy" },
        { ...member, name: "1.npy", offset: 0 },
      ]);
    },
    /^FILE: member "1\.npy": offset is 0; it must be at least \d+, where the member before it ends; the file is damaged/,
  ],
  [
    "torch-zip",
    "a packed storage",
    () =>
      zipBytes([
        {
          name: "a/data.pkl",
          data: pickleBytes(
            op.dict(op.text("w"), tensorPickle({ elements: 16 * MEGABYTE, size: [16 * MEGABYTE] })),
          ),
        },
        packed("a/data/0", Buffer.alloc(64 * MEGABYTE)),
      ]),
    'FILE: member "a/data/0" is compressed (method 8); save it with torch.save, which stores',
  ],
  [
    "torch-zip",
    "a packed pickle",
    () => zipBytes([packed("a/data.pkl", Buffer.alloc(64 * MEGABYTE))]),
    'FILE: member "a/data.pkl" has 67108864 bytes, more than 1048576; save the state dict alone',
  ],
];
itRefuses("zip bombs", CASES);

describe("members that are packed well", () => {
  const judge = Judge.ofSuite();

  it("npz: 256 of 60 KB of zeros are read", () => {
    const member = packed("", zeros(15_000));
    return judge.reads(
      zipBytes(Array.from({ length: 256 }, (_, index) => ({ ...member, name: `${index}.npy` }))),
    );
  });

  it("npz: 32 MB that were packed more than 30 times over are read", () => {
    // noise, which packs a little, and zeros
    const values = new Float32Array(8 * MEGABYTE);
    for (let index = 0; index < values.length / 36; index++) values[index] = Math.sin(index * index);
    return judge.reads(
      zipBytes([packed("a.npy", npyBytes("<f4", `(${values.length},)`, Buffer.from(values.buffer)))]),
    );
  });
});

/** Small NumPy files built by hand, and built wrong where a test wants them so. */
import { op, pickleBytes } from "./build.js";

/** A .npy header of version 1, as it is given. */
export function npyHeader(
  text: string,
  version: readonly [number, number] = [1, 0],
  length?: number,
): Buffer {
  const size = Buffer.alloc(version[0] === 1 ? 2 : 4);
  size.writeUIntLE(length ?? Buffer.byteLength(text), 0, size.length);
  return Buffer.concat([Buffer.from("\x93NUMPY", "latin1"), Buffer.from(version), size, Buffer.from(text)]);
}

export const headerText = (descr: string, shape: string, fortran = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

/** A .npy file of numbers. */
export const npyBytes = (descr: string, shape: string, data: Uint8Array, fortran?: string): Buffer =>
  Buffer.concat([npyHeader(headerText(descr, shape, fortran)), data]);

/** A .npy file of one object, with its pickle. */
export const objectNpy = (...pickle: Buffer[]): Buffer => npyBytes("|O", "()", pickleBytes(...pickle));

/** A byte string of Python 3: SHORT_BINBYTES, or BINBYTES with a length that may be another. */
export function byteString(data: Uint8Array, length?: number): Buffer {
  if (length === undefined && data.length < 256)
    return Buffer.concat([Buffer.from("C"), Buffer.from([data.length]), data]);
  const head = Buffer.alloc(5, "B");
  head.writeUInt32LE(length ?? data.length, 1);
  return Buffer.concat([head, data]);
}

export interface ArrayParts {
  readonly module?: string;
  readonly version?: number;
  readonly shape?: readonly number[] | Buffer;
  /** Its order of bytes and its name. */
  readonly dtype?: readonly [order: string, name: string] | Buffer;
  readonly fortran?: Buffer;
  readonly raw?: Buffer;
}

/** Two floats, 1 and 2. */
export const PAIR = Buffer.from(Float32Array.of(1, 2).buffer);

/** The pickle of an ndarray; by default the two floats. */
export function arrayPickle(parts: ArrayParts = {}): Buffer {
  const { dtype = ["<", "f4"], shape = [2] } = parts;
  const described = Buffer.isBuffer(dtype)
    ? dtype
    : Buffer.concat([
        op.reduce(op.global("numpy", "dtype"), op.tuple(op.text(dtype[1]), op.int(0), op.int(1))),
        op.tuple(op.int(3), op.text(dtype[0]), op.none, op.none, op.none, op.int(-1), op.int(-1), op.int(0)),
        Buffer.from("b"),
      ]);
  const module = parts.module ?? "numpy.core.multiarray";
  return Buffer.concat([
    op.reduce(
      op.global(module, "_reconstruct"),
      op.tuple(op.global("numpy", "ndarray"), op.tuple(op.int(0)), byteString(Buffer.from("b"))),
    ),
    op.tuple(
      op.int(parts.version ?? 1),
      Buffer.isBuffer(shape) ? shape : op.tuple(...shape.map(op.int)),
      described,
      parts.fortran ?? Buffer.from([0x89]),
      parts.raw ?? byteString(PAIR),
    ),
    Buffer.from("b"),
  ]);
}

export const list = (...items: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from("]("), ...items, Buffer.from("e")]);

/** The array of objects around one object. */
export const holder = (object: Buffer): Buffer =>
  arrayPickle({ shape: [], dtype: ["|", "O8"], raw: list(object) });

/** A file of layers: key, weights, biases, and so on. */
export const layersNpy = (
  ...entries: readonly (readonly [key: string, weights: Buffer, biases: Buffer])[]
): Buffer =>
  objectNpy(
    holder(op.dict(...entries.flatMap(([key, weights, biases]) => [op.text(key), list(weights, biases)]))),
  );

import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { AlexNetError, type ErrorCode } from "../../../lib/errors/base.js";
import { loadWeights } from "../../../lib/weights/load.js";
import { layerName } from "../../../lib/weights/names.js";
import type { Weights } from "../../../lib/weights/weights.js";

/** The golden files, seen from dist/test/weights/helpers. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../../fixtures/weights/${name}`, import.meta.url));

export interface ExpectedTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** What fixtures/make_weights.py put into a file, by its own keys. */
export async function expectedOf(name: string): Promise<Readonly<Record<string, ExpectedTensor>>> {
  const text = await readFile(fixture("expected.json"), "utf8");
  const all = JSON.parse(text) as Record<string, Record<string, ExpectedTensor>>;
  expect(all, "expected.json").to.have.property(name);
  return all[name];
}

/** A folder of its own for each use, gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "alexnet-weights-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Puts bytes into a file "w" and uses its path. */
export const withFile = <T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    const path = join(folder, "w");
    await writeFile(path, bytes);
    return use(path);
  });

/** The file cut to every length from its own less one down to nothing, by taking a byte off its end each time. */
export const eachCut = (
  bytes: Uint8Array,
  use: (path: string, length: number) => Promise<void>,
): Promise<void> =>
  withFile(bytes, async (path) => {
    for (let length = bytes.length - 1; length >= 0; length--) {
      await truncate(path, length);
      await use(path, length);
    }
  });

export const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Every tensor, read in pieces of `step` elements. */
export const readAll = (weights: Weights, step = Infinity): Promise<Map<string, Float32Array>> =>
  weights.stream(async (read) => {
    const values = new Map<string, Float32Array>();
    for (const { name, shape } of weights.tensors.values()) {
      const whole = new Float32Array(countOf(shape));
      for (let at = 0; at < whole.length; at += step) await read(name, at, whole.subarray(at, at + step));
      values.set(name, whole);
    }
    return values;
  });

/**
 * That a golden file is read, whole and in odd pieces, as the values say that fixtures/make_weights.py gave for it or
 * for the file `like`, which has the same tensors.
 */
export async function expectFixture(name: string, format: string, like = name): Promise<void> {
  const expected = Object.entries(await expectedOf(like));
  const weights = await loadWeights(fixture(name));
  expect(weights.format).to.equal(format);
  expect([...weights.tensors.keys()]).to.deep.equal(expected.map(([key]) => layerName(key)));
  for (const step of [3, 7, Infinity]) {
    const values = await readAll(weights, step);
    for (const [key, { shape, dtype, values: wanted }] of expected) {
      const tensor = layerName(key);
      expect(weights.tensors.get(tensor)).to.deep.equal({ name: tensor, shape, dtype });
      expect([...(values.get(tensor) ?? [])], tensor).to.deep.equal(wanted);
    }
  }
}

/** That `run` fails with this code and just this text; FILE in it stands for the path, if one is given. */
export async function expectError(
  run: Promise<unknown> | (() => unknown),
  code: ErrorCode,
  text: string | RegExp,
  path = "",
): Promise<void> {
  let caught: unknown;
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    caught = error;
  }
  expect(caught, "the error").to.be.instanceOf(AlexNetError);
  const error = caught as AlexNetError;
  const message = path === "" ? error.message : error.message.replaceAll(path, "FILE");
  if (typeof text === "string") expect(message).to.equal(text);
  else expect(message).to.match(text);
  expect(error.code, message).to.equal(code);
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { Pixels } from "../../lib/images/index.js";

/** The bytes that a reference library made of an image (fixtures/make_images.py): the first 24, and a digest of all. */
export interface Expected {
  readonly width: number;
  readonly height: number;
  readonly head: string;
  readonly sha256: string;
}

// Tests run from dist/test/images.
const root = new URL("../../../fixtures/", import.meta.url);

/** `path` is relative to fixtures/images. */
export const fixture = (path: string): URL => new URL(`images/${path}`, root);

export const readFixture = (path: string): Uint8Array => readFileSync(fixture(path));

export const readJson = (path: string): unknown => JSON.parse(readFileSync(fixture(path), "utf8"));

/** A source of the resize cases, named "<what>-<width>x<height>": a file of fixtures/images/resize, or drawn. */
export function readRaw(name: string): Pixels {
  const size = /-(\d+)x(\d+)$/.exec(name);
  const width = Number(size?.[1]);
  const height = Number(size?.[2]);
  const data = name.startsWith("squares-")
    ? Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * at) % 251)
    : readFixture(`resize/${name}.rgb`);
  expect(data.length, name).to.equal(width * height * 3);
  return { width, height, data };
}

export function expectPixels(got: Pixels, expected: Expected): void {
  expect([got.width, got.height]).to.deep.equal([expected.width, expected.height]);
  expect(got.data.length).to.equal(got.width * got.height * 3);
  expect(Buffer.from(got.data.subarray(0, 24)).toString("hex"), "first 24 bytes").to.equal(expected.head);
  expect(createHash("sha256").update(got.data).digest("hex"), "digest of all bytes").to.equal(
    expected.sha256,
  );
}

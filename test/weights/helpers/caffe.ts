/** Caffe's messages built by hand (field numbers of caffe.proto), and the golden files. */
import { readFile } from "node:fs/promises";
import { fixture, type ExpectedTensor } from "./files.js";
import { bytes, integer, integers, packed, text } from "./proto.js";

export const caffeFixture = (name: string): string => fixture(`../caffe/${name}`);

/** What fixtures/make_caffe.py put into a file. */
export async function caffeExpected(name: string): Promise<Readonly<Record<string, ExpectedTensor>>> {
  const all = JSON.parse(await readFile(caffeFixture("expected.json"), "utf8")) as Record<
    string,
    Record<string, ExpectedTensor>
  >;
  if (!Object.hasOwn(all, name)) throw new Error(`expected.json has no ${name}`);
  return all[name];
}

export const shape = (...dims: readonly (number | bigint)[]): Buffer => bytes(7, integers(1, ...dims));

/** The four dimensions of before 2015. */
export const dims = (...sizes: readonly (number | bigint)[]): Buffer =>
  Buffer.concat(sizes.map((size, at) => integer(at + 1, size)));

export const data = (...values: readonly number[]): Buffer => packed(5, ...values);

/** A layer of the later kind. */
export interface LayerParts {
  readonly name?: string;
  readonly type?: string;
  readonly bottoms?: readonly string[];
  readonly tops?: readonly string[];
  /** Contents of its blobs. */
  readonly blobs?: readonly Buffer[];
  /** Further fields, such as parameters. */
  readonly more?: readonly Buffer[];
}

export const layer = ({ name, type, bottoms = [], tops = [], blobs = [], more = [] }: LayerParts): Buffer =>
  bytes(
    100,
    ...(name === undefined ? [] : [text(1, name)]),
    ...(type === undefined ? [] : [text(2, type)]),
    ...bottoms.map((bottom) => text(3, bottom)),
    ...tops.map((top) => text(4, top)),
    ...blobs.map((blob) => bytes(7, blob)),
    ...more,
  );

/** A net of these layers. */
export const net = (...layers: readonly Buffer[]): Buffer => Buffer.concat([text(1, "net"), ...layers]);

/** A layer in a chain, from "a" to "b" or in place. */
export const chained = (name: string, type: string, from: string, to: string, ...more: Buffer[]): Buffer =>
  layer({ name, type, bottoms: [from], tops: [to], more });

/** Parts of a small net: its input, a convolution, an inner product and softmax. */
export const input = layer({
  name: "in",
  type: "Input",
  tops: ["data"],
  more: [bytes(143, bytes(1, integers(1, 1, 3, 32, 40)))],
});
export const conv = (...more: Buffer[]) =>
  chained(
    "conv",
    "Convolution",
    "data",
    "conv",
    bytes(106, integer(1, 4), ...(more.length > 0 ? more : [integer(4, 3)])),
  );
export const product = chained("fc", "InnerProduct", "conv", "fc", bytes(117, integer(1, 2)));
export const prob = chained("prob", "Softmax", "fc", "prob");
/** A net of a convolution and an inner product, with layers between them that read and make "conv". */
export const netWith = (...between: Buffer[]) => net(input, conv(), ...between, product, prob);
export const inPlace = (type: string, ...more: Buffer[]) =>
  netWith(chained("x", type, "conv", "conv", ...more));

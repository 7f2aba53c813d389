/** A tensor's weights in pieces, each of which is read in one go, and then brought to its packed place. */
import type { ColumnReader, ReadTensor } from "../../weights/weights.js";
import type { ColumnPacker } from "./column-packer.js";
import type { PanelPacker } from "./panel-packers.js";

/** Elements that are read at a time, where a panel is not larger. */
const PIECE = 1 << 17;
/** Elements of columns: since a panel's part of each is short, more of them, so that it is written in longer runs. */
const COLUMNS_PIECE = 1 << 18;

export interface Piece {
  read(): Promise<void>;
  /** Brings what was read to its packed place. */
  pack(): void;
}

/** Filters of one tower, a row of the tensor each. */
interface Rows {
  readonly name: string;
  readonly first: number;
  readonly count: number;
  /** Rows that are packed together. */
  readonly panel: number;
  /** Bytes from the start of the shared memory to the tower's packed weights. */
  readonly address: number;
}

/** @param values the shared memory */
export function* rowPieces(
  read: ReadTensor,
  { name, first, count, panel, address }: Rows,
  { perOutput, packedBytes, inPlace, pack }: PanelPacker,
  values: Float32Array,
  staging: Staging,
): Generator<Piece, void, undefined> {
  const outputs = panel * Math.max(1, Math.floor(PIECE / (panel * perOutput)));
  for (let from = 0; from < count; from += outputs) {
    const length = (Math.min(count, from + outputs) - from) * perOutput;
    const target = address + from * packedBytes;
    const buffer = inPlace ? values.subarray(target / 4) : staging.take(length);
    const out = buffer.subarray(0, length);
    yield {
      read: () => read(name, (first + from) * perOutput, out),
      pack: () => {
        for (let at = 0, to = target; at < length; at += panel * perOutput, to += panel * packedBytes)
          pack(out.subarray(at, at + panel * perOutput), to);
        if (!inPlace) staging.give(buffer);
      },
    };
  }
}

interface Columns {
  readonly name: string;
  /** The columns as the source has them. */
  readonly order: Int32Array;
  /** Elements of each. */
  readonly rows: number;
}

export function* columnPieces(
  source: ColumnReader,
  { name, order, rows }: Columns,
  pack: ColumnPacker,
  staging: Staging,
): Generator<Piece, void, undefined> {
  const together = Math.max(1, Math.floor(COLUMNS_PIECE / rows));
  for (let first = 0; first < order.length; first += together) {
    const columns = order.subarray(first, first + together);
    const buffer = staging.take(columns.length * rows);
    const out = buffer.subarray(0, columns.length * rows);
    yield {
      read: () => source.read(name, first, out),
      pack: () => {
        pack(columns, out);
        staging.give(buffer);
      },
    };
  }
}

/** Buffers that are used again: of new ones, those before would stay until they are collected. */
export class Staging {
  readonly #spare: Float32Array[] = [];

  take(length: number): Float32Array {
    const buffer = this.#spare.pop();
    return buffer && buffer.length >= length ? buffer : new Float32Array(Math.max(PIECE, length));
  }

  give(buffer: Float32Array): void {
    this.#spare.push(buffer);
  }
}

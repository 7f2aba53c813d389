/**
 * CRC-32 of parts of a file, checked by the bytes that are read of them anyway: in pieces of any order, several at a
 * time, some of them twice. Each byte counts once; the sums of pieces that touch are joined.
 */
import { weightsErrors } from "../errors/weights.js";
import { crc32, joinCrc32 } from "./crc32.js";
import type { OpenFile } from "./file.js";

/** A member of an archive that is stored as it is. */
export interface Checksum {
  readonly name: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly size: number;
  /** As the file tells it. */
  readonly crc: number;
}

/** Bytes that are read at a time where no one else reads them. */
const CHUNK = 1 << 20;
/** Pieces of one member that do not touch; what is read in more of them is read again at the end. */
const MOST_PIECES = 256;

/** @throws AlexNetError WEIGHTS_INVALID where `got` is not the CRC-32 that the file tells. */
export function checkCrc(source: string, { name, crc }: Pick<Checksum, "name" | "crc">, got: number): void {
  if (got !== crc) throw weightsErrors.checksum(source, name, got, crc);
}

/** A file whose checksums are compared as soon as all of a member's bytes were read. */
export class CheckedFile implements OpenFile {
  readonly #members: readonly Member[];

  /** @param source the file, for messages */
  constructor(
    private readonly source: string,
    private readonly file: OpenFile,
    checksums: readonly Checksum[],
  ) {
    this.#members = checksums.map((checksum) => new Member(checksum));
  }

  /** @throws AlexNetError WEIGHTS_INVALID where these are the last bytes of a member that has another CRC-32. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    await this.file.read(offset, target);
    for (const member of this.#members) if (member.take(offset, target)) this.#check(member);
  }

  /**
   * Reads what is left of every member of which something was read.
   * @throws AlexNetError WEIGHTS_INVALID where one has another CRC-32.
   */
  async finish(): Promise<void> {
    for (const member of this.#members.filter(({ isTouched }) => isTouched)) {
      for (let gap = member.firstGap(); gap; gap = member.firstGap()) {
        const bytes = new Uint8Array(Math.min(CHUNK, gap.end - gap.start));
        await this.file.read(gap.start, bytes);
        member.take(gap.start, bytes, Infinity);
      }
      this.#check(member);
    }
  }

  #check(member: Member): void {
    const { crc } = member;
    if (crc !== undefined) checkCrc(this.source, member.checksum, crc);
  }
}

/** Bytes [start, end) of the file. */
interface Range {
  readonly start: number;
  readonly end: number;
}
interface Piece extends Range {
  readonly crc: number;
}

class Member {
  /** What was read, in order; no two pieces touch. */
  readonly #pieces: Piece[] = [];
  readonly #start: number;
  readonly #end: number;
  isTouched = false;

  constructor(readonly checksum: Checksum) {
    this.#start = checksum.offset;
    this.#end = checksum.offset + checksum.size;
  }

  /** The CRC-32 of all bytes, once they were read. */
  get crc(): number | undefined {
    return this.firstGap() ? undefined : this.#pieces[0].crc;
  }

  /** The first bytes that were not read, up to the next ones that were. */
  firstGap(): Range | undefined {
    const [first, second] = this.#pieces as readonly (Piece | undefined)[];
    const begins = first?.start === this.#start;
    const start = begins ? first.end : this.#start;
    const end = (begins ? second : first)?.start ?? this.#end;
    return start < end ? { start, end } : undefined;
  }

  /**
   * Takes what is the member's of `bytes`, which start at `offset` of the file; false where nothing is.
   * @param most pieces, with which one that touches none of them is passed over
   */
  take(offset: number, bytes: Uint8Array, most = MOST_PIECES): boolean {
    const from = Math.max(offset, this.#start);
    const to = Math.min(offset + bytes.length, this.#end);
    if (from >= to) return false;
    this.isTouched = true;
    const first = this.#pieces.findIndex(({ end }) => end >= from);
    const near = first < 0 ? [] : this.#pieces.slice(first).filter(({ start }) => start <= to);
    if (near.length === 0 && this.#pieces.length >= most) return true;
    const sumOf = (start: number, end: number): Piece[] =>
      start < end ? [{ start, end, crc: crc32(bytes.subarray(start - offset, end - offset)) }] : [];
    let at = from;
    const pieces = near.flatMap((piece) => {
      const before = sumOf(at, piece.start);
      at = piece.end;
      return [...before, piece];
    });
    pieces.push(...sumOf(at, to));
    this.#pieces.splice(first < 0 ? this.#pieces.length : first, near.length, pieces.reduce(join));
    return true;
  }
}

const join = (first: Piece, second: Piece): Piece => ({
  start: first.start,
  end: second.end,
  crc: joinCrc32(first.crc, second.crc, second.end - second.start),
});

/**
 * How work is cut. A layer's outputs for some images are units in one fixed order, towers outermost; each worker
 * takes one interval of them. With as many workers as towers, or a multiple, an interval never leaves its tower:
 * worker 0 of 2 is tower 0. Only outputs are cut, never a sum, so that the bits do not depend on the cut.
 */

/** The outputs of one layer: towers x images x panels x rows, rows innermost. */
export interface Extent {
  readonly towers: number;
  readonly images: number;
  /** Panels of output channels in a tower; 1 where channels are not cut. */
  readonly panels: number;
  readonly rows: number;
}

/** A box of outputs; all ranges are [from, to). */
export interface Slice {
  readonly tower: number;
  readonly images: Range;
  readonly panels: Range;
  readonly rows: Range;
}

export type Range = readonly [from: number, to: number];

/** What each of `workers` computes, as boxes in the order of the units. */
export function partition(extent: Extent, workers: number): Slice[][] {
  const units = extent.towers * extent.images * extent.panels * extent.rows;
  return Array.from({ length: workers }, (_, worker) => {
    const from = Math.floor((units * worker) / workers);
    const to = Math.floor((units * (worker + 1)) / workers);
    return boxes([extent.towers, extent.images, extent.panels, extent.rows], from, to).flatMap(
      ([tower, ...rest]) =>
        // a box of several towers is one box a tower: each tower has memory of its own
        Array.from({ length: tower[1] - tower[0] }, (_, index) => ({
          tower: tower[0] + index,
          images: rest[0],
          panels: rest[1],
          rows: rest[2],
        })),
    );
  });
}

/** The fewest boxes whose union is the interval [from, to) of a row-major grid. */
function boxes(grid: readonly number[], from: number, to: number): Range[][] {
  if (from === to) return [];
  const [count, ...inner] = grid;
  if (inner.length === 0) return [[[from, to]]];
  const size = inner.reduce((product, length) => product * length, 1);
  const whole = inner.map((length): Range => [0, length]);
  const first = Math.ceil(from / size);
  const last = Math.floor(to / size);
  const within = (index: number, start: number, end: number): Range[][] =>
    boxes(inner, start - index * size, end - index * size).map((box) => [[index, index + 1], ...box]);
  // both ends inside one index
  if (first > last) return within(last, from, to);
  return [
    ...(from < first * size ? within(first - 1, from, first * size) : []),
    ...(first < last && count > 0 ? [[[first, last] as Range, ...whole]] : []),
    ...(last * size < to ? within(last, last * size, to) : []),
  ];
}

/** The number of outputs in a slice's box, in units of its extent. */
export const unitsOf = (slice: Slice): number =>
  [slice.images, slice.panels, slice.rows].reduce((product, [from, to]) => product * (to - from), 1);

/** A range in pieces of `size`; the last may be smaller. */
export function pieces([from, to]: Range, size: number): Range[] {
  return Array.from({ length: Math.ceil((to - from) / size) }, (_, index): Range => [
    from + index * size,
    Math.min(from + (index + 1) * size, to),
  ]);
}

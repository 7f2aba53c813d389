// What the response normalisation and its gradient share.
import { madd } from "./madd";

/**
 * The bits that a quarter of a number's bits are taken from for its inverse fourth root, within 3.3 % of it. They make
 * 1 - base y^4 at most 0.126 in size, less than other bits do.
 */
const MAGIC = memory.data<i32>([0x4f582ea5]);
/**
 * -1/4; then, for that range, the polynomial of second degree in g = (1 - base y^4) / 4 that is nearest to (1 - 4 g)^-1/4
 * (within 5.7e-5 of it, by Remez' exchange), from its last coefficient to its first; 1/4 and 5/4.
 */
const FACTORS = memory.data<f32>([-0.25, 2.51568144, 1.0054366, 0.99999852, 0.25, 1.25]);

// The constants, for a kernel to load once a row and to hand to inverseFourthRoot in this order.
@inline
export function magicBits(): v128 {
  return v128.load32_splat(MAGIC);
}
/** 0: -1/4; 1 to 3: the polynomial, last coefficient first; 4: 1/4; 5: 5/4. */
@inline
export function factor(index: usize): v128 {
  return v128.load32_splat(FACTORS + (index << 2));
}

/**
 * base^-0.25 by a step of the polynomial, which leaves 5.7e-5 of the error, and one of Newton's, y (5/4 - base y^4 / 4):
 * less work than two roots. In this order nothing leaves the range of float32.
 */
@inline
export function inverseFourthRoot(
  base: v128,
  magic: v128,
  minusQuarter: v128,
  c2: v128,
  c1: v128,
  c0: v128,
  quarter: v128,
  fiveQuarters: v128,
): v128 {
  const share = f32x4.mul(base, minusQuarter);
  let y = i32x4.sub(magic, i32x4.shr_u(base, 2));
  let square = f32x4.mul(y, y);
  const g = madd(f32x4.mul(share, square), square, quarter);
  y = f32x4.mul(y, madd(g, madd(g, c2, c1), c0));
  square = f32x4.mul(y, y);
  return f32x4.mul(y, madd(f32x4.mul(share, square), square, fiveQuarters));
}

/**
 * The squares of a row's pixels, `before` and `after` them those of the towers below and above, or 0. Behind a store a
 * step would be read again, so the fields come as values.
 */
@inline
export function storeSquares(
  input: usize,
  squares: usize,
  columns: i32,
  channels: i32,
  before: i32,
  after: i32,
  below: i32,
  above: i32,
): void {
  const reachBytes = <usize>((before + after) << 2);
  for (let column = columns; column > 0; column--) {
    for (let c = 0; c < before; c++) {
      const x: f32 = below ? load<f32>(input + below + (c << 2)) : 0;
      store<f32>(squares + (c << 2), x * x);
    }
    const own = squares + (before << 2);
    let c = 0;
    for (; c + 8 <= channels; c += 8) {
      const x0 = v128.load(input + (c << 2));
      const x1 = v128.load(input + (c << 2), 16);
      v128.store(own + (c << 2), f32x4.mul(x0, x0));
      v128.store(own + (c << 2), f32x4.mul(x1, x1), 16);
    }
    for (; c < channels; c++) {
      const x = load<f32>(input + (c << 2));
      store<f32>(own + (c << 2), x * x);
    }
    const behind = own + (channels << 2);
    for (let a = 0; a < after; a++) {
      const x: f32 = above ? load<f32>(input + above + (a << 2)) : 0;
      store<f32>(behind + (a << 2), x * x);
    }
    input += <usize>(channels << 2);
    squares += <usize>(channels << 2) + reachBytes;
  }
}

/**
 * Numbers of bytes as types: unlike a parameter of an inlined function, what offsetof says of them is known before
 * anything is inlined, so a load can hold it and a branch on it is none. V8 fuses no two loads of which one has its 16
 * bytes added to the pointer, and nothing behind a branch.
 */
@unmanaged
export class None {}
@unmanaged
export class Sixteen {
  bytes0: u64;
  bytes8: u64;
}

/**
 * The sums of neighbours for the four elements `Offset` bytes behind `first`, of which the last neighbours are `reach`
 * bytes on: `Reach` is Sixteen where that is known, as it is for five, and None for any number.
 */
@inline
export function sumOfWindow<Offset, Reach>(first: usize, reach: usize): v128 {
  let sum = v128.load(first, offsetof<Offset>());
  if (offsetof<Reach>() == 16) {
    sum = f32x4.add(sum, v128.load(first, offsetof<Offset>() + 4));
    sum = f32x4.add(sum, v128.load(first, offsetof<Offset>() + 8));
    sum = f32x4.add(sum, v128.load(first, offsetof<Offset>() + 12));
    // If V8 knew the distance, it would take the fifth for the first of the next four, and not fuse two such sums.
    sum = f32x4.add(sum, v128.load(first + reach, offsetof<Offset>()));
  } else
    for (let at = first + 4; at <= first + reach; at += 4) sum = f32x4.add(sum, v128.load(at, offsetof<Offset>()));
  return sum;
}

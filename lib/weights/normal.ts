/**
 * Normal values from uniform bits, the same to the last bit on every machine: only + - * /, square roots and the
 * bits of doubles, which IEEE 754 fixes. Math.log and its kin may differ from engine to engine.
 */
const bits = new DataView(new ArrayBuffer(8));

/** ln x of a positive normal double, to about 1e-16 relative: x = m * 2^e, then ln m = 2 artanh((m - 1) / (m + 1)). */
export function naturalLogarithm(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0);
  // into [sqrt(1/2), sqrt(2)], where |s| is at most 0.1716 and the series' next term, s^22 / 23, under 2^-60
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  const series =
    (((((((((z / 21 + 1 / 19) * z + 1 / 17) * z + 1 / 15) * z + 1 / 13) * z + 1 / 11) * z + 1 / 9) * z +
      1 / 7) *
      z +
      1 / 5) *
      z +
      1 / 3) *
      z +
    1;
  return exponent * Math.LN2 + 2 * s * series;
}

/**
 * The z below which a standard normal value falls with probability p, for p from 2^-33 to 1 - 2^-33.
 * M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988),
 * routine PPND16: rational approximations to about 1e-16. Its third, for sqrt(-ln p) past 5, is left out, since
 * 2^-33 has 4.79. Coefficients are the doubles that his digits round to.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    const above =
      ((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) * r +
        13731.69376550946) *
        r +
        1971.5909503065513) *
        r +
        133.14166789178438) *
        r +
      3.3871328727963665;
    const below =
      ((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) *
        r +
        5394.196021424751) *
        r +
        687.1870074920579) *
        r +
        42.31333070160091) *
        r +
      1;
    return (q * above) / below;
  }
  const r = Math.sqrt(-naturalLogarithm(q < 0 ? p : 1 - p)) - 1.6;
  const above =
    ((((((0.0007745450142783414 * r + 0.022723844989269184) * r + 0.2417807251774506) * r +
      1.2704582524523684) *
      r +
      3.6478483247632045) *
      r +
      5.769497221460691) *
      r +
      4.630337846156546) *
      r +
    1.4234371107496835;
  const below =
    ((((((1.0507500716444169e-9 * r + 0.0005475938084995345) * r + 0.015198666563616457) * r +
      0.14810397642748008) *
      r +
      0.6897673349851) *
      r +
      1.6763848301838038) *
      r +
      2.053191626637759) *
      r +
    1;
  return q < 0 ? -above / below : above / below;
}

import { goOnTile } from "./weights_tile";
import { GemmGradientStep } from "./steps";

/**
 * dU (+)= V^T Z of one plane. A panel of Z stays in the cache while the channels of V go by, MR at a time; a last tile that
 * is not whole begins earlier, and what it computes of channels that the one before has is not kept.
 */
@inline
export function gemmGradient(address: usize, inputPlane: i32, outputPlane: i32, MR: i32, NR: i32): void {
  const step = changetype<GemmGradientStep>(address);
  const depth = step.depth;
  const input = step.input + inputPlane * step.inputPlane;
  const gradient = step.gradient + inputPlane * step.gradientPlane;
  const output = step.output + outputPlane * step.outputPlane;
  const scratch = <usize>step.scratch;
  for (let panel = step.panelFrom; panel < step.panelTo; panel++) {
    const z = <usize>(gradient + panel * step.gradientPanel);
    const sums = output + panel * depth * (NR << 2);
    for (let i = 0; i < depth; i += MR) {
      const first = min(i, depth - MR);
      const place = <usize>(sums + first * (NR << 2));
      const v = <usize>(input + (first << 2));
      goOnTile(v, step.inputRow, z, step.rows, place, i - first, step.accumulate, scratch, MR, NR);
    }
  }
}

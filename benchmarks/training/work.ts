/** What steps of training compute, and how much of what the machine can do that is. */
import type { KernelSetName } from "../../lib/engine/kernel-sets.js";
import type { Network } from "../../lib/network/layers.js";
import { summarise } from "../../lib/network/summary.js";
import type { Peak } from "../machine/peak.js";

/** The forward pass, the gradients of what layers take and those of weights: about as many multiply-adds each. */
const PASSES = 3;

export const WORK_COLUMNS = { imagesPerSecond: "images/s", gflops: "GFLOP/s", ofPeak: "% of peak" };

/**
 * The fields of a row that show how fast `images` images were trained on.
 * @param peak GFLOP/s, as of `peakOf`
 */
export function workFields(network: Network, images: number, milliseconds: number, peak: number | undefined) {
  const gflops = (2 * PASSES * summarise(network).totals.macs * images) / milliseconds / 1e6;
  return {
    imagesPerSecond: (1000 * images) / milliseconds,
    gflops,
    ...(peak === undefined ? {} : { ofPeak: (100 * gflops) / peak }),
  };
}

/** GFLOP/s of so many threads that do nothing but a set's multiply-adds; undefined for the reference, which has no loop. */
export function peakOf(peaks: readonly Peak[], set: KernelSetName, threads: number): number | undefined {
  const peak = peaks.find((loop) => loop.set === set);
  return peak && peak.gflops * threads;
}

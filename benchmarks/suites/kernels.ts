/** Every kernel of every set that runs here, on AlexNet's shapes, one thread. */
import { COMPILED_SETS, type CompiledSetName } from "../../lib/engine/kernel-sets.js";
import { alexnet2012, caffenet } from "../../lib/network/variants.js";
import type { Operation } from "../../lib/plan/operations.js";
import { kernelCases, type KernelCase, type Selection } from "../kernel-cases.js";
import { measurePeaks, type Peak } from "../machine/peak.js";
import { measure } from "../measure.js";
import type { BenchOptions } from "../options.js";
import type { Row, Section } from "../report/section.js";
import { MILLISECOND_COLUMNS, millisecondFields } from "../statistics.js";

const isKind =
  (...kinds: Operation["kind"][]) =>
  (operation: Operation) =>
    kinds.includes(operation.kind);

/**
 * Convolutions, pooling and normalisation take a wave of images, as in large batches; where the plan has Winograd,
 * convolutions are there directly too. Fully connected layers have one kernel for one image and another for several.
 * Only the paper's dropout needs the activation kernel.
 */
function selections({ network = caffenet(), quick, convolutions, fcWeights }: BenchOptions): Selection[] {
  const wave = quick ? 2 : 8;
  // both ways are timed here anyway
  const shared = {
    network,
    convolutions: convolutions === "auto" ? "rule" : convolutions,
    fcWeights,
  } as const;
  const direct: Selection = {
    ...shared,
    images: wave,
    convolutions: "direct",
    wanted: isKind("convolution"),
  };
  return [
    { ...shared, images: wave, wanted: ({ scope }) => scope === "wave" },
    ...(convolutions === "direct" ? [] : [direct]),
    { ...shared, images: 1, wanted: isKind("fully-connected") },
    { ...shared, images: quick ? 3 : 16, wanted: isKind("fully-connected") },
    {
      ...shared,
      network: quick ? network : alexnet2012(),
      images: wave,
      wanted: isKind("normalisation", "activation"),
    },
  ];
}

const setsFor = ({ kernels }: BenchOptions): readonly CompiledSetName[] =>
  kernels === "auto" ? COMPILED_SETS : COMPILED_SETS.filter((set) => set === kernels);

/** A section for each set. */
export async function kernelsSuite(options: BenchOptions): Promise<Section[]> {
  const sections: Section[] = [];
  for (const set of setsFor(options)) {
    const peaks = await measurePeaks(options.quick);
    const rows: Row[] = [];
    for (const selection of selections(options)) {
      const all = await kernelCases(set, selection);
      if (all === undefined) break;
      // a layer without Winograd is the same in the direct plan
      const cases = all.filter((one) => !rows.some((row) => isSame(row, selection, one)));
      if (cases.length === 0) continue;
      for (const { check } of cases) check();
      const title = `kernels, ${set}, ${selection.network.name}, batch ${selection.images}`;
      const spreads = await measure(
        title,
        cases.map(({ layer, kernel, run }) => ({ name: `${kernel} ${layer}`, run })),
        options.quick,
      );
      cases.forEach((one, index) =>
        rows.push(rowOf(selection, one, millisecondFields(spreads[index]), peaksFor(set, peaks))),
      );
    }
    if (rows.length > 0)
      sections.push({
        title: `kernels, ${set}`,
        kernels: set,
        threads: 1,
        columns: COLUMNS,
        rows,
        chart: { group: "batch", label: ["layer", "kernel"], value: "gflops", unit: "GFLOP/s" },
      });
  }
  return sections;
}

const isSame = (row: Row, { network, images }: Selection, { layer, kernel }: KernelCase): boolean =>
  row.network === network.name &&
  row.batch === String(images) &&
  row.layer === layer &&
  row.kernel === kernel;

const COLUMNS = {
  network: "network",
  layer: "layer",
  batch: "batch",
  kernel: "kernel",
  ...MILLISECOND_COLUMNS,
  gflops: "GFLOP/s",
  ofSet: "% of set's peak",
  ofBest: "% of best peak",
  gigabytes: "GB/s",
};

interface Peaks {
  /** GFLOP/s of a loop of the instructions that the set's kernels use. */
  readonly ofSet: number;
  /** The most of all loops that run here. */
  readonly ofBest: number;
}

const peaksFor = (set: CompiledSetName, peaks: readonly Peak[]): Peaks => ({
  ofSet: Math.max(...peaks.filter((peak) => peak.set === set).map(({ gflops }) => gflops)),
  ofBest: Math.max(...peaks.map(({ gflops }) => gflops)),
});

/** Rates at the median. */
function rowOf(
  { network, images }: Selection,
  { layer, kernel, macs, bytes }: KernelCase,
  times: ReturnType<typeof millisecondFields>,
  peaks: Peaks,
): Row {
  const gflops = (2 * macs) / times.medianMs / 1e6;
  const shares = { ofSet: (100 * gflops) / peaks.ofSet, ofBest: (100 * gflops) / peaks.ofBest };
  return {
    network: network.name,
    layer,
    batch: String(images),
    kernel,
    ...times,
    ...(macs > 0 ? { gflops, ...shares } : {}),
    ...(bytes > 0 ? { gigabytes: bytes / times.medianMs / 1e6 } : {}),
  };
}

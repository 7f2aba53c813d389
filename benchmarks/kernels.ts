/** Every kernel of every set that runs here, on AlexNet's shapes, one thread. */
import { COMPILED_SETS, type CompiledSetName } from "../lib/engine/kernel-sets.js";
import { alexnet2012, caffenet } from "../lib/network/variants.js";
import type { Operation } from "../lib/plan/operations.js";
import { kernelCases, type KernelCase, type Selection } from "./kernel-cases.js";
import { measure } from "./measure.js";
import type { BenchOptions } from "./options.js";
import type { Section } from "./report.js";
import { MILLISECOND_COLUMNS, millisecondFields } from "./statistics.js";

const isKind =
  (...kinds: Operation["kind"][]) =>
  (operation: Operation) =>
    kinds.includes(operation.kind);

/**
 * Convolutions, pooling and normalisation take a wave of images, as in large batches; fully connected layers have
 * one kernel for one image and another for several. Only the paper's dropout needs the activation kernel.
 */
function selections({ network = caffenet(), quick, convolutions }: BenchOptions): Selection[] {
  const wave = quick ? 2 : 8;
  return [
    { network, images: wave, convolutions, wanted: ({ scope }) => scope === "wave" },
    { network, images: 1, convolutions, wanted: isKind("fully-connected") },
    { network, images: quick ? 3 : 16, convolutions, wanted: isKind("fully-connected") },
    {
      network: quick ? network : alexnet2012(),
      images: wave,
      convolutions,
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
    const rows: Section["rows"][number][] = [];
    for (const selection of selections(options)) {
      const cases = await kernelCases(set, selection);
      if (cases === undefined) continue;
      for (const { check } of cases) check();
      const title = `kernels, ${set}, ${selection.network.name}, batch ${selection.images}`;
      const spreads = await measure(
        title,
        cases.map(({ layer, kernel, run }) => ({ name: `${kernel} ${layer}`, run })),
        options.quick,
      );
      cases.forEach((one, index) => rows.push(rowOf(selection, one, millisecondFields(spreads[index]))));
    }
    if (rows.length > 0)
      sections.push({ title: `kernels, ${set}`, kernels: set, threads: 1, columns: COLUMNS, rows });
  }
  return sections;
}

const COLUMNS = {
  network: "network",
  layer: "layer",
  batch: "batch",
  kernel: "kernel",
  ...MILLISECOND_COLUMNS,
  gflops: "GFLOP/s",
  gigabytes: "GB/s",
};

/** Rates at the median. */
const rowOf = (
  { network, images }: Selection,
  { layer, kernel, macs, bytes }: KernelCase,
  times: ReturnType<typeof millisecondFields>,
) => ({
  network: network.name,
  layer,
  batch: String(images),
  kernel,
  ...times,
  ...(macs > 0 ? { gflops: (2 * macs) / times.medianMs / 1e6 } : {}),
  ...(bytes > 0 ? { gigabytes: bytes / times.medianMs / 1e6 } : {}),
});

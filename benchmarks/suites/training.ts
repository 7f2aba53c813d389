/** Training: a step alone, a step beside peers, and a run from files. */
import { measurePeaks } from "../machine/peak.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { besideInferenceSection } from "../training/beside-inference.js";
import { fromFilesSection } from "../training/from-files.js";
import { stepsSection } from "../training/steps.js";

export async function trainingSuite(options: BenchOptions): Promise<Section[]> {
  const peaks = await measurePeaks(options.quick);
  return [
    await stepsSection(options, peaks),
    await besideInferenceSection(options),
    await fromFilesSection(options, peaks),
  ];
}

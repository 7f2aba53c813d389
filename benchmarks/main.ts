/** `npm run bench`: runs the suites, prints their tables, keeps their results. */
import { setV8Flags } from "../lib/cli/v8-flags.js";
import { readOptions, USAGE, type BenchOptions, type SuiteName } from "./options.js";
import { savePage, saveResult } from "./report/results.js";
import type { Section } from "./report/section.js";
import { surroundings } from "./report/surroundings.js";
import { sectionText } from "./report/text.js";
import { kernelsSuite } from "./suites/kernels.js";
import { layersSuite } from "./suites/layers.js";
import { machineSuite } from "./suites/machine.js";
import { modelSuite } from "./suites/model.js";
import { networkSuite } from "./suites/network.js";
import { peersSuite } from "./suites/peers.js";
import { pipelineSuite } from "./suites/pipeline.js";
import { scalingSuite } from "./suites/scaling.js";
import { startupSuite } from "./suites/startup.js";
import { trainingSuite } from "./suites/training.js";

const RUNS: Record<SuiteName, (options: BenchOptions) => Promise<Section[]>> = {
  machine: machineSuite,
  kernels: kernelsSuite,
  layers: layersSuite,
  network: networkSuite,
  scaling: scalingSuite,
  model: modelSuite,
  training: trainingSuite,
  peers: peersSuite,
  pipeline: pipelineSuite,
  startup: startupSuite,
};

function optionsOrExit(): BenchOptions {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== "help") return options;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

// with an exit of its own, which ends child processes and takes temporary folders away; 128 + the signal's number
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

const options = optionsOrExit();
setV8Flags();
const at = surroundings();
for (const suite of options.suites) {
  const sections = await RUNS[suite](options);
  for (const section of sections) process.stdout.write(sectionText(section, at));
  const file = saveResult({ suite, quick: options.quick, surroundings: at, sections });
  process.stdout.write(`\n${file}\n${savePage()}\n`);
}
process.stdout.write("\n");
for (const { suite, reason } of options.leftOut) process.stdout.write(`${suite}: not run; ${reason}\n`);

/** `npm run bench`: runs the suites, prints their tables, keeps their results. */
import { setV8Flags } from "../lib/cli/v8-flags.js";
import { peersSuite } from "./compare.js";
import { kernelsSuite } from "./kernels.js";
import { layersSuite } from "./layers.js";
import { networkSuite } from "./network.js";
import {
  INSTALL_PEERS,
  peersInstalled,
  readOptions,
  USAGE,
  type BenchOptions,
  type SuiteName,
} from "./options.js";
import { saveResults, sectionText, surroundings, type Section } from "./report.js";

const RUNS: Record<SuiteName, (options: BenchOptions) => Promise<Section[]>> = {
  kernels: kernelsSuite,
  layers: layersSuite,
  network: networkSuite,
  peers: peersSuite,
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

const options = optionsOrExit();
setV8Flags();
const at = surroundings();
for (const suite of options.suites) {
  const sections = await RUNS[suite](options);
  for (const section of sections) process.stdout.write(sectionText(section, at));
  process.stdout.write(`\n${saveResults(suite, options.quick, at, sections)}\n`);
}
if (!peersInstalled()) process.stdout.write(`\npeers: not run; ${INSTALL_PEERS} installs them\n`);

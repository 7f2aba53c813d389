/** Where a run took place. */
import os from "node:os";
import { v8FlagsFor } from "../../lib/cli/v8-flags.js";
import { packageVersion, processor } from "../../lib/host/host.js";

export interface Surroundings {
  readonly date: string;
  /** Version of this package. */
  readonly version: string;
  readonly node: string;
  readonly v8: string;
  /** What the program has set, and what Node was started with. */
  readonly flags: readonly string[];
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
}

export function surroundings(): Surroundings {
  return {
    date: new Date().toISOString(),
    version: packageVersion(),
    node: process.version,
    v8: process.versions.v8,
    flags: [...process.execArgv, ...v8FlagsFor(process.versions.node, process.arch)],
    cpu: processor(),
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}

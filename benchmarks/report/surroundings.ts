/** Where a run took place. */
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { v8FlagsFor } from "../../lib/cli/v8-flags.js";

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

const CPU_INFO = "/proc/cpuinfo";
const PACKAGE = new URL("../../../package.json", import.meta.url);

/** With family and model where Linux tells them: virtual machines hide them from the name, and speed goes by them. */
function processor(): string {
  const cpus = os.cpus();
  const name = cpus.length > 0 ? cpus[0].model.trim() : "unknown processor";
  const info = existsSync(CPU_INFO) ? readFileSync(CPU_INFO, "utf8") : "";
  const [family, model] = [/^cpu family\s*: (\d+)$/m, /^model\s*: (\d+)$/m].map(
    (line) => line.exec(info)?.[1],
  );
  return family !== undefined && model !== undefined ? `${name} (family ${family}, model ${model})` : name;
}

export function surroundings(): Surroundings {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };
  return {
    date: new Date().toISOString(),
    version,
    node: process.version,
    v8: process.versions.v8,
    flags: [...process.execArgv, ...v8FlagsFor(process.versions.node, process.arch)],
    cpu: processor(),
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}

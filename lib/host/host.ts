/** What this package asks of the machine that it runs on, and of itself. */
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";

const CPU_INFO = "/proc/cpuinfo";
const PACKAGE = new URL("../../../package.json", import.meta.url);

/** Of this package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string }).version;

/** With family and model where Linux tells them: virtual machines hide them from the name, and speed goes by them. */
export function processor(): string {
  const cpus = os.cpus();
  const name = cpus.length > 0 ? cpus[0].model.trim() : "unknown processor";
  const info = existsSync(CPU_INFO) ? readFileSync(CPU_INFO, "utf8") : "";
  const [family, model] = [/^cpu family\s*: (\d+)$/m, /^model\s*: (\d+)$/m].map(
    (line) => line.exec(info)?.[1],
  );
  return family !== undefined && model !== undefined ? `${name} (family ${family}, model ${model})` : name;
}

/** What decides where caches belong. */
export interface Home {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

/**
 * The folder for what can be made again: of XDG_CACHE_HOME (XDG Base Directory Specification 0.8) where that is set,
 * else where the system keeps caches of a user. It need not be there.
 */
export function cacheFolder(home: Home = thisHome()): string {
  const { platform, environment, folder } = home;
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment;
  const caches =
    xdg !== undefined && xdg !== ""
      ? xdg
      : platform === "win32"
        ? (local ?? join(folder, "AppData", "Local"))
        : platform === "darwin"
          ? join(folder, "Library", "Caches")
          : join(folder, ".cache");
  return join(caches, "alexnet-threads");
}

const thisHome = (): Home => ({
  platform: process.platform,
  environment: process.env,
  folder: os.homedir(),
});

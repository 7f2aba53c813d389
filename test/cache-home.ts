/** Loaded before any test: what the package caches goes to a folder of this run, in its child processes too. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "alexnet-cache-"));
process.env.XDG_CACHE_HOME = folder;
process.on("exit", () => {
  rmSync(folder, { recursive: true, force: true });
});

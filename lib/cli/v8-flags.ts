/** The flags that let V8 run the fastest kernels. Only the command-line program sets them: a process has one set. */
import { setFlagsFromString } from "node:v8";

/**
 * Relaxed SIMD needs a flag before Node 22; pairs of 128-bit operations become 256-bit ones on x64 from Node 24 on.
 * V8 complains on stderr of flags that it does not know, hence the version.
 */
export function v8FlagsFor(version: string, architecture: string): readonly string[] {
  const major = Number.parseInt(version, 10);
  if (major < 22) return ["--experimental-wasm-relaxed-simd"];
  if (major >= 24 && architecture === "x64") return ["--experimental-wasm-revectorize"];
  return [];
}

/** Before any WebAssembly module is compiled; the flags hold for the worker threads too. */
export function setV8Flags(): void {
  for (const flag of v8FlagsFor(process.versions.node, process.arch)) setFlagsFromString(flag);
}

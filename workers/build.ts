/** Compiles the kernels to WebAssembly, one module a kernel set, into dist/workers/kernels. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const SETS = [
  { name: "baseline", source: "baseline.ts", features: [] },
  { name: "relaxed", source: "baseline.ts", features: ["--enable", "relaxed-simd"] },
  { name: "wide", source: "wide.ts", features: ["--enable", "relaxed-simd"] },
];

const root = fileURLToPath(new URL("../../", import.meta.url));
mkdirSync(`${root}dist/workers/kernels`, { recursive: true });

for (const { name, source, features } of SETS) {
  let messages = "";
  const { error } = await asc.main(
    [
      ...[`workers/kernels/${source}`, "--baseDir", root, "--outFile", `dist/workers/kernels/${name}.wasm`],
      ...["-O3", "--runtime", "stub", "--noAssert", "--enable", "simd", "--enable", "threads", ...features],
      // The engine's memory: it is made larger than the first page, and never larger than 4 GiB.
      ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
    ],
    { stderr: { write: (text) => (messages += String(text)) } },
  );
  if (error) throw new Error(`kernel set ${name} does not compile:\n${messages}`, { cause: error });
}

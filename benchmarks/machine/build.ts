/** Compiles what measures the machine as the kernels are compiled, into dist/benchmarks/machine/kernels. */
import { compile } from "../../workers/compile.js";

for (const { name, relaxed } of [
  { name: "fused", relaxed: true },
  { name: "separate", relaxed: false },
  { name: "streaming", relaxed: false },
])
  await compile({
    source: `benchmarks/machine/kernels/${name}.ts`,
    output: `dist/benchmarks/machine/kernels/${name}.wasm`,
    relaxed,
    memory: "shared",
  });

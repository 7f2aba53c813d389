/** Compiles the kernels, one module a kernel set, into dist/workers/kernels, and those that resize images. */
import { compile } from "./compile.js";

const SETS = [
  { name: "baseline", source: "baseline", relaxed: false },
  { name: "relaxed", source: "baseline", relaxed: true },
  { name: "wide", source: "wide", relaxed: true },
];

/** Both modules of a set have their constants in the memory's first page. */
const HALF_PAGE = 32768;

for (const { name, source, relaxed } of SETS) {
  await compile({
    source: `workers/kernels/${source}.ts`,
    output: `dist/workers/kernels/${name}.wasm`,
    relaxed,
    memory: "shared",
  });
  await compile({
    source: `workers/kernels/gradients/${source}.ts`,
    output: `dist/workers/kernels/gradients/${name}.wasm`,
    relaxed,
    memory: "shared",
    memoryBase: HALF_PAGE,
  });
}

await compile({
  source: "lib/images/kernels/resize.ts",
  output: "dist/lib/images/kernels/resize.wasm",
  relaxed: false,
  memory: "own",
});

/** AssemblyScript to WebAssembly: one way for the kernels and for what measures the machine beside them. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** Paths in the repository. */
export interface Compilation {
  readonly source: string;
  readonly output: string;
  readonly relaxed: boolean;
  /** Byte address of the module's constants: two modules that share a memory keep them apart. */
  readonly memoryBase?: number;
  /** "shared" is given to the module when it is instantiated, "own" comes with it and is exported. */
  readonly memory: "shared" | "own";
}

const MEMORIES = {
  // The engine's memory: it is made larger than the first page, and never larger than 4 GiB.
  shared: ["--enable", "threads", "--importMemory", "--sharedMemory", "--maximumMemory", "65536"],
  own: [],
};

const root = fileURLToPath(new URL("../../", import.meta.url));

/** @throws Error with the compiler's messages */
export async function compile({ source, output, relaxed, memory, memoryBase }: Compilation): Promise<void> {
  mkdirSync(dirname(`${root}${output}`), { recursive: true });
  const features = relaxed ? ["--enable", "relaxed-simd"] : [];
  let messages = "";
  const { error } = await asc.main(
    [
      ...[source, "--baseDir", root, "--outFile", output],
      ...["-O3", "--runtime", "stub", "--noAssert", "--enable", "simd", ...features],
      ...["--initialMemory", "1", ...MEMORIES[memory]],
      ...(memoryBase === undefined ? [] : ["--memoryBase", String(memoryBase)]),
    ],
    { stderr: { write: (text) => (messages += String(text)) } },
  );
  if (error) throw new Error(`${source} does not compile:\n${messages}`, { cause: error });
}

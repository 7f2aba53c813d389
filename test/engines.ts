/** Engines for tests: the kernel sets that run here, and an engine without images. */
import { Engine, type EngineOptions } from "../lib/engine/engine.js";
import { COMPILED_SETS, compileSet, type KernelSetName } from "../lib/engine/kernel-sets.js";

class TestEngine extends Engine {
  static async create(options: EngineOptions): Promise<Engine> {
    return new TestEngine(await this.prepare(options));
  }
}

/** Creates an engine, hands it to `use`, and closes it whatever happens. */
export async function withEngine<T>(options: EngineOptions, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await TestEngine.create(options);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** The sets that this Node compiles, and the reference. */
export async function usableSets(): Promise<KernelSetName[]> {
  const compiled = await Promise.all(
    COMPILED_SETS.map(async (set) => ((await compileSet(set)) ? [set] : [])),
  );
  return [...compiled.flat(), "reference"];
}

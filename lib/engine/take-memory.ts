import { engineErrors } from "../errors/engine.js";
import type { Network } from "../network/layers.js";
import type { SharedMemory } from "../../workers/protocol.js";

const PAGE = 65536;

/**
 * The one shared memory of a plan.
 * @param bytes whole pages
 * @throws AlexNetError MEMORY_TOO_LARGE where the system has less than the plan needs.
 */
export function takeMemory({ name }: Network, bytes: number): SharedMemory {
  const pages = bytes / PAGE;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw engineErrors.memoryRefused(name, bytes, cause);
  }
}

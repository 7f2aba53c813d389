import { freemem } from "node:os";

/**
 * Bytes that images may take where nobody says how many: a quarter of the memory that is free now (on Linux what is
 * available, the system's own caches counted in), so that as much is left for the network and for other programs.
 */
export const defaultImageBytes = (): number => Math.floor(freemem() / 4);

/**
 * How packed weights are stored. bfloat16 has float32's exponent and 8 bits of its 24 of precision: half the bytes,
 * and each normal number off by at most 1/256 of itself (docs/architecture.md has what the logits lose).
 */
export type WeightsType = "float32" | "bfloat16";
export const WEIGHTS_TYPES: readonly WeightsType[] = ["float32", "bfloat16"];

/** Bytes of a packed weight. */
export const WEIGHT_BYTES: Readonly<Record<WeightsType, number>> = { float32: 4, bfloat16: 2 };

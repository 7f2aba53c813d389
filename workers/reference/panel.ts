/** Columns of a packed panel in the reference set; apart from the kernels, for who packs the weights. */
export const REFERENCE_PANEL = 8;

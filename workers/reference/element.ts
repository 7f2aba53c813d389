/** The element of a float32 view of the whole memory at a byte address, which a step holds signed: 2 GiB are below 0. */
export const element = (address: number): number => address >>> 2;

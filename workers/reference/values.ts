/** The elements of a memory: float32 as the engine has them, or float64 where derivatives are checked. */
export type Values = Float32Array | Float64Array;

/** The tile of a kernel set: output positions by output channels that stay in registers. */
export interface Tile {
  readonly set: string;
  readonly rows: number;
  /** Rows of the narrower tile by which the matrix product computes what is left behind whole ones; 0 for none. */
  readonly rest: number;
  /** Output channels of a packed panel, NR. */
  readonly panel: number;
}

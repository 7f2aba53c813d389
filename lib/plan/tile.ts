/** The tile of a kernel set: output positions by output channels that stay in registers. */
export interface Tile {
  readonly set: string;
  readonly rows: number;
  /** Output channels of a packed panel, NR. */
  readonly panel: number;
}

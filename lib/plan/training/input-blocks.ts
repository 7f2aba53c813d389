/** How the gradient of a fully connected layer's input is cut: by rows of its weights, and by outputs that are summed over. */
import { pieces } from "../partition.js";

/** Rows of W that are turned round together: whole tiles of 6 and of 4. */
export const BLOCK_ROWS = 24;

/** Bytes of dy, of some outputs and all images: with the block of W, half of what most cores have as a cache of their own. */
const PART = 1 << 19;

/** Rows of W, elements of x that follow each other in one tower. */
export interface InputBlock {
  readonly index: number;
  readonly tower: number;
  /** The first one, of all and of the tower's. */
  readonly row: number;
  readonly rowInTower: number;
  readonly rows: number;
}

/** @param inputs of the layer, in `towers` towers */
export function inputBlocks(inputs: number, towers: number): InputBlock[] {
  const parts = pieces([0, inputs / towers], BLOCK_ROWS);
  return Array.from({ length: towers * parts.length }, (_, index) => {
    const tower = Math.floor(index / parts.length);
    const [from, to] = parts[index % parts.length];
    return { index, tower, row: (tower * inputs) / towers + from, rowInTower: from, rows: to - from };
  });
}

/** Panels of outputs that go over all rows of W together, with all images of the largest batch. */
export const panelsTogether = (maxBatch: number, panel: number): number =>
  Math.max(1, Math.floor(PART / (Math.ceil(maxBatch / panel) * panel * panel * 4)));

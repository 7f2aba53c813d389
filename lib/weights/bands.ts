/**
 * Tensors that are not in row-major order, out of a file: a band of rows at a time, since rows of a transposed tensor
 * touch all of its bytes. The file's bytes are passed once for each band.
 */
import { elementsOf } from "../network/shapes.js";
import { layoutOf, type Layout, type StridedSource } from "./band-layout.js";
import { gatherer, type Gather } from "./strided.js";

/** Elements that a band holds, where a row is not larger: half of the rows of AlexNet's fc6, 76 MB as float32. */
const BAND = 2048 * 9216;

interface Band {
  readonly of: object;
  readonly index: number;
  readonly gather: Gather;
  readonly values: Promise<Float32Array>;
}

/** The last band of one of several tensors, in one buffer. */
export class Bands {
  #band: Band | undefined;
  #buffer = new Float32Array(0);

  /** @param most elements of a band, where a row is not larger */
  constructor(private readonly most = BAND) {}

  /**
   * Reads elements from `start` of the row-major order on.
   * @param of what stands for the tensor from call to call
   */
  async fill(of: object, source: StridedSource, start: number, out: Float32Array): Promise<void> {
    const { shape } = source;
    const layout = layoutOf(source, this.most);
    const size = layout.rows * elementsOf(shape.slice(1));
    for (let done = 0; done < out.length;) {
      const index = Math.floor((start + done) / size);
      const from = start + done - index * size;
      const part = out.subarray(done, done + size - from);
      const band = this.#bandAt(of, source, layout, index);
      band.gather(await band.values, 0, from, part);
      done += part.length;
    }
  }

  #bandAt(of: object, source: StridedSource, layout: Layout, index: number): Band {
    const last = this.#band;
    if (last?.of === of && last.index === index) return last;
    const from = index * layout.rows;
    const rows = Math.min(layout.rows, source.shape[0] - from);
    const values = this.#load(last, source, layout, from, rows);
    return (this.#band = { of, index, gather: gatherer(source.shape, layout.strides(rows)), values });
  }

  async #load(
    last: Band | undefined,
    source: StridedSource,
    layout: Layout,
    from: number,
    rows: number,
  ): Promise<Float32Array> {
    // Whoever wants the band before waits for it since before this one was wanted, and so takes its values, at once,
    // before this goes on and overwrites them; whether it failed is told to them.
    await last?.values.catch(() => undefined);
    const size = layout.size(rows);
    // with room for larger ones to come: buffers that are outgrown stay until they are collected
    if (this.#buffer.length < size)
      this.#buffer = new Float32Array(Math.max(size, Math.min(2 * size, this.most)));
    const values = this.#buffer.subarray(0, size);
    await layout.load(source, values, from, rows);
    return values;
  }
}

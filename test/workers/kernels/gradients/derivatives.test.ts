/**
 * The references of the gradients are the derivatives of the references of the forward pass: central differences of
 * L = sum of dy * y in float64, whose truncation is at most h^2 / 6 times the third derivative.
 */
import { expect } from "chai";
import { bindGradients } from "../../../../workers/reference/gradients/kernels.js";
import { bindReference } from "../../../../workers/reference/kernels.js";
import { STEP_BYTES, writeStep, type Step, type StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { windowsAlong } from "../pooling-steps.js";

const seed = testSeed();
/** A power of 2, so that x + h and x - h are h from x where x is a float32. */
const H = 2 ** -13;

const memory = new DataView(new ArrayBuffer(65536 * 4));
const values = new Float64Array(memory.buffer.byteLength / 4);
const words = new Int32Array(memory.buffer);
const kernels = { ...bindReference(memory, values), ...bindGradients(memory, values, words) };

interface Region {
  readonly address: number;
  readonly length: number;
}

let end = STEP_BYTES;
function take(length: number, value: () => number = () => NaN): Region {
  const address = end;
  end += 4 * length;
  if (end > memory.buffer.byteLength) throw new RangeError("the memory is too small for the case");
  for (let i = 0; i < length; i++) values[address / 4 + i] = value();
  return { address, length };
}
const of = ({ address, length }: Region): Float64Array => values.subarray(address / 4, address / 4 + length);

function run({ kernel, fields }: Step): void {
  writeStep(memory, 0, { kernel, fields } as Step);
  kernels[kernel](0, 0, 0);
}

/**
 * dx, which is there, against the differences of `loss`; `truncation` bounds theirs, `rounding` that of one loss. A
 * region of which only a part is a variable names it.
 */
function expectDerivative(
  what: string,
  [x, dx]: readonly [Region, Region],
  loss: () => number,
  { truncation, rounding }: { truncation: number; rounding: number },
): void {
  const gradient = of(dx).slice();
  const at = of(x);
  for (let i = 0; i < at.length; i++) {
    const own = at[i];
    at[i] = own + H;
    const more = loss();
    at[i] = own - H;
    const less = loss();
    at[i] = own;
    expect(gradient[i], `${what}, element ${i}`).to.be.closeTo(
      (more - less) / (2 * H),
      truncation + rounding / H,
    );
  }
}

const dot = (y: Region, dy: Region): number => {
  const gradient = of(dy);
  return of(y).reduce((sum, value, i) => sum + value * gradient[i], 0);
};

/** Of a sum of `terms`, each of `steps` operations on values up to `size`: each rounds by 2^-53. */
const roundingOf = (terms: number, steps: number, size: number): number =>
  terms * (terms + steps) * size * 2 ** -53;

describe(`references of the gradients (TEST_SEED=${seed})`, () => {
  const random = new Random(seed);
  const value = () => random.value();
  beforeEach(() => {
    end = STEP_BYTES;
  });

  for (const kernel of ["max_pooling", "average_pooling"] as const)
    it(`${kernel}_gradient is the derivative of ${kernel}`, () => {
      for (let repeat = 0; repeat < 60; repeat++) {
        end = STEP_BYTES;
        const channels = random.integer(1, 3);
        const [down, across] = [windowsAlong(random), windowsAlong(random)];
        const inputs = down.size * across.size * channels;
        const outputs = down.windows * across.windows * channels;
        // in any order, further apart than 2 h, so that no difference moves a maximum
        const order = Array.from({ length: inputs }, (_, i) => ({ i, key: random.next() }));
        order.sort((a, b) => a.key - b.key);
        let next = 0;
        const x = take(inputs, () => order[next++].i / 256 - 1);
        const [y, dy, dx] = [take(outputs), take(outputs, value), take(inputs)];
        const shape = {
          ...{ channels, inputRows: down.size, inputColumns: across.size, outputColumns: across.windows },
          ...{ kernelRows: down.kernel, kernelColumns: across.kernel },
          ...{ strideRows: down.stride, strideColumns: across.stride },
          ...{ paddingTop: down.padding, paddingLeft: across.padding },
          ...{ countedTop: down.padding, countedLeft: across.padding, countedBottom: 1, countedRight: 0 },
        };
        const [inputRow, outputRow] = [4 * across.size * channels, 4 * across.windows * channels];
        const input = { input: x.address, inputImage: 0, inputRow };
        run({
          kernel: `${kernel}_gradient`,
          fields: {
            ...{ ...shape, ...input, outputRows: down.windows },
            ...{ gradient: dy.address, gradientImage: 0, gradientRow: outputRow },
            ...{ output: dx.address, outputImage: 0, outputRow: inputRow },
          },
        });
        const forward = { output: y.address, outputImage: 0, outputRow, rowFrom: 0, rowTo: down.windows };
        const loss = () => {
          run({ kernel, fields: { ...shape, ...input, ...forward } });
          return dot(y, dy);
        };
        // linear between two changes of a maximum; a window has at most 16 elements below 2
        expectDerivative(`seed ${seed}, ${JSON.stringify(shape)}`, [x, dx], loss, {
          truncation: 0,
          rounding: roundingOf(outputs, 16 + 2, 2),
        });
      }
    });

  for (const towers of [1, 3])
    it(`normalisation_gradient is the derivative of normalisation, ${towers === 1 ? "in" : "across 3"} towers`, () => {
      for (let repeat = 0; repeat < 40; repeat++) {
        end = STEP_BYTES;
        const [before, after] = [random.integer(0, 3), random.integer(0, 3)];
        const channels = random.integer(Math.max(1, before + after), 9);
        const columns = random.integer(1, 2);
        const tower = columns * channels;
        const [alpha, beta, k] = [0.0625, random.pick([0.75, 0.5, 1]), random.integer(1, 2)];
        const [x, dy] = [take(towers * tower, value), take(towers * tower, value)];
        const [y, dx] = [take(towers * tower), take(towers * tower)];
        const scratch = take(1).address;
        const layer = { channels, columns, rowFrom: 0, rowTo: 1, before, after, scratch, alpha, beta, k };
        const strides = { inputImage: 0, inputRow: 0, outputImage: 0, outputRow: 0 };
        // from a pixel's first channel to the last `reach` channels of the tower in front, and to the next tower
        const below = (t: number, reach: number) => (t > 0 ? 4 * (channels - reach - tower) : 0);
        const above = (t: number) => (t < towers - 1 ? 4 * tower : 0);
        for (let t = 0; t < towers; t++) {
          const fields: StepOf<"normalisation_gradient"> = {
            ...{ ...layer, ...strides, gradientImage: 0, gradientRow: 0 },
            ...{ input: x.address + 4 * t * tower, gradient: dy.address + 4 * t * tower },
            ...{ below: below(t, before + after), gradientBelow: below(t, before + after) },
            ...{ above: above(t), gradientAbove: above(t), output: dx.address + 4 * t * tower },
          };
          run({ kernel: "normalisation_gradient", fields });
        }
        const loss = () => {
          for (let t = 0; t < towers; t++) {
            const [input, output] = [x.address, y.address].map((address) => address + 4 * t * tower);
            run({
              kernel: "normalisation",
              fields: { ...layer, ...strides, input, output, below: below(t, before), above: above(t) },
            });
          }
          return dot(y, dy);
        };
        // As a function of one complex x[i] + z with |z| <= 1, s is off by at most alpha (2 |x| + 1) < 0.2, so
        // |s^-beta| <= 0.8^-1 and |x| <= 2: the 7 or fewer outputs that depend on it are below 2.5 each. By Cauchy the third
        // derivative is at most 3! times their sum; on the way to h it is one at a place within h, for which 1 - h is left.
        const third = (6 * 7 * 2.5) / (1 - H) ** 3;
        expectDerivative(`seed ${seed}, ${JSON.stringify({ ...layer, towers })}`, [x, dx], loss, {
          truncation: (H ** 2 / 6) * third,
          rounding: roundingOf(towers * tower, 2 * 7 + 8, 1),
        });
      }
    });

  it("softmax_loss stores the loss's derivative, times the scale", () => {
    for (let repeat = 0; repeat < 60; repeat++) {
      end = STEP_BYTES;
      const [towers, channels] = [random.integer(1, 3), random.integer(1, 8)];
      const classes = towers * channels;
      const x = take(classes, () => 5 * random.value());
      const dx = take(classes);
      const discarded = take(classes).address;
      const [labels, losses, ranks] = [take(1).address, take(1), take(1).address];
      words[labels / 4] = random.integer(0, classes - 1);
      const scale = random.pick([1, 0.125]);
      const fields: StepOf<"softmax_loss"> = {
        ...{ input: x.address, inputImage: 0, inputTower: 4 * channels },
        ...{ output: dx.address, outputImage: 0, outputTower: 4 * channels },
        ...{ towers, channels, labels, losses: losses.address, ranks, scale },
      };
      run({ kernel: "softmax_loss", fields });
      const loss = () => {
        run({ kernel: "softmax_loss", fields: { ...fields, output: discarded } });
        return scale * of(losses)[0];
      };
      // the third derivative is p (1 - p) (1 - 2 p), at most 1 / (6 sqrt 3); the loss is at most 10 + log(24) < 14
      expectDerivative(`seed ${seed}, ${JSON.stringify(fields)}`, [x, dx], loss, {
        truncation: H ** 2 / 6 / (6 * Math.sqrt(3)),
        rounding: roundingOf(1, classes + 10, 14),
      });
    }
  });

  it("rectifier_gradient is the derivative of a ReLU, told by what it gave", () => {
    const length = 50;
    // none within h of 0
    const x = take(length, () => Math.sign(random.value()) * (0.125 + random.next()));
    const [y, dy, dx] = [take(length), take(length, value), take(length)];
    const row = { rowLength: length, rowFrom: 0, rowTo: 1 };
    const loss = () => {
      const places = {
        input: x.address,
        inputImage: 0,
        inputRow: 0,
        output: y.address,
        outputImage: 0,
        outputRow: 0,
      };
      run({ kernel: "activation", fields: { ...places, ...row, floor: 0, scale: 1 } });
      return dot(y, dy);
    };
    loss();
    of(dx).set(of(dy));
    run({
      kernel: "rectifier_gradient",
      fields: {
        ...{ ...row, input: y.address, inputImage: 0, inputRow: 0 },
        ...{ gradient: dx.address, gradientImage: 0, gradientRow: 0 },
      },
    });
    const bounds = { truncation: 0, rounding: roundingOf(length, 1, 1.125) };
    expectDerivative(`seed ${seed}`, [x, dx], loss, bounds);
  });

  it("dropout takes dy to dx as it takes x to y", () => {
    const length = 50;
    const [x, y] = [take(length, value), take(length)];
    const [dy, dx] = [take(length, value), take(length)];
    const generator = take(3).address;
    words.set([random.integer(0, 2 ** 31 - 1), 7, 3], generator / 4);
    const through = (from: Region, to: Region) => {
      run({
        kernel: "dropout",
        fields: {
          ...{
            input: from.address,
            inputImage: 0,
            inputRow: 0,
            output: to.address,
            outputImage: 0,
            outputRow: 0,
          },
          ...{ rowLength: length, rowFrom: 0, rowTo: 1, unit: 0, layer: 2 },
          ...{ threshold: -(2 ** 31), generator, scale: 2 },
        },
      });
    };
    through(dy, dx);
    const loss = () => {
      through(x, y);
      return dot(y, dy);
    };
    expectDerivative(`seed ${seed}`, [x, dx], loss, { truncation: 0, rounding: roundingOf(length, 1, 2) });
    expect(new Set(of(dx)).size, "some are dropped, and not all").to.be.within(2, length);
  });
});

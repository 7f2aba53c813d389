import { readFileSync } from "node:fs";
import { expect } from "chai";
import {
  KERNEL_FIELDS,
  KERNEL_NAMES,
  readStep,
  STEP_BYTES,
  writeStep,
  type KernelName,
  type Step,
} from "../../workers/steps.js";

/** Which record of the steps.ts of workers/kernels, or of its folder gradients, each kernel reads. */
const RECORDS: Record<KernelName, string> = {
  space_to_depth: "SpaceToDepthStep",
  conv_tile: "ConvolutionStep",
  conv_row: "ConvolutionStep",
  conv_row_bf16: "ConvolutionStep",
  expand: "ExpandStep",
  gemm: "GemmStep",
  winograd_input: "WinogradInputStep",
  winograd_output_5: "WinogradOutputStep",
  winograd_output_3: "WinogradOutputStep",
  max_pooling: "PoolingStep",
  average_pooling: "AveragePoolingStep",
  normalisation: "NormalisationStep",
  activation: "ActivationStep",
  weights_gradient: "WeightsGradientStep",
  weights_gradient_packed: "WeightsGradientStep",
  bias_gradient: "BiasGradientStep",
  rectifier_gradient: "RectifierGradientStep",
  dropout: "DropoutStep",
  max_pooling_gradient: "MaxPoolingGradientStep",
  average_pooling_gradient: "AveragePoolingGradientStep",
  normalisation_gradient: "NormalisationGradientStep",
  softmax_loss: "SoftmaxLossStep",
  transpose: "TransposeStep",
  flip_filters: "FlipFiltersStep",
  winograd_filter: "WinogradFilterStep",
  winograd_gradient_5: "WinogradGradientStep",
  winograd_gradient_3: "WinogradGradientStep",
  gemm_gradient: "GemmGradientStep",
  winograd_filter_gradient: "WinogradFilterGradientStep",
  gather_rows: "GatherRowsStep",
  momentum_update: "MomentumUpdateStep",
};

/**
 * The fields of each class of the AssemblyScript source, in their order, which is their place in memory: those of the
 * class that it extends come first.
 */
function recordsOfKernels(): Map<string, [name: string, type: string][]> {
  const source = ["steps.ts", "gradients/steps.ts"]
    .map((file) => readFileSync(new URL(`../../../workers/kernels/${file}`, import.meta.url), "utf8"))
    .join("");
  const withoutComments = source.replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
  const records = new Map<string, [name: string, type: string][]>();
  for (const [, name, base, body] of withoutComments.matchAll(
    /export class (\w+) (?:extends (\w+) )?\{([^}]*)\}/g,
  )) {
    const own = [...body.matchAll(/(\w+)\s*:\s*(\w+)\s*;/g)];
    records.set(name, [
      ...(records.get(base) ?? []),
      ...own.map(([, field, type]): [string, string] => [field, type]),
    ]);
  }
  return records;
}

/** A step whose fields hold `value(index)`. */
function stepOf(kernel: KernelName, value: (index: number, field: string) => number): Step {
  const fields: [string, number][] = KERNEL_FIELDS[kernel].map((field, index) => [
    field,
    value(index, field),
  ]);
  return { kernel, fields: Object.fromEntries(fields) } as unknown as Step;
}

describe("steps", () => {
  const records = recordsOfKernels();

  it("have a record in the kernels' source for every kernel, and no other", () => {
    expect([...records.keys()]).to.have.members([...new Set(Object.values(RECORDS))]);
    expect(KERNEL_NAMES).to.have.members(Object.keys(RECORDS));
  });

  for (const kernel of KERNEL_NAMES) {
    const record = records.get(RECORDS[kernel]) ?? [];
    const view = new DataView(new ArrayBuffer(2 * STEP_BYTES));

    it(`${kernel} has the fields of ${RECORDS[kernel]} in the same order`, () => {
      expect(record.length).to.be.above(0);
      expect([...KERNEL_FIELDS[kernel]]).to.deep.equal(record.map(([field]) => field));
    });

    it(`${kernel} fits into STEP_BYTES`, () => {
      expect(4 * KERNEL_FIELDS[kernel].length).to.be.at.most(STEP_BYTES);
    });

    it(`${kernel} is written word by word, each as its type`, () => {
      // a value that an int32 would lose and one that a float32 would lose
      writeStep(
        view,
        STEP_BYTES,
        stepOf(kernel, (index, field) =>
          record[index][1] === "f32" ? 0.5 + index : 0x1000001 + field.length,
        ),
      );
      record.forEach(([field, type], index) => {
        const at = STEP_BYTES + 4 * index;
        if (type === "f32") expect(view.getFloat32(at, true), field).to.equal(0.5 + index);
        else expect(view.getInt32(at, true), field).to.equal(0x1000001 + field.length);
      });
    });

    it(`${kernel} is read back as written, addresses above 2^31 as the same 32 bits`, () => {
      const written = stepOf(kernel, (index) =>
        record[index][1] === "f32" ? -Infinity : 2 ** 31 + 64 * index,
      );
      writeStep(view, STEP_BYTES, written);
      const read: Readonly<Record<string, number>> = readStep(view, STEP_BYTES, kernel);
      record.forEach(([field, type], index) => {
        expect(type === "f32" ? read[field] : read[field] >>> 0, field).to.equal(
          type === "f32" ? -Infinity : 2 ** 31 + 64 * index,
        );
      });
    });

    it(`${kernel} keeps signed distances and infinities`, () => {
      const written = stepOf(kernel, (index) => (record[index][1] === "f32" ? 0.75 : -4 - index));
      writeStep(view, 0, written);
      expect(readStep(view, 0, kernel)).to.deep.equal(written.fields);
    });
  }
});

/**
 * How far logits are from PyTorch's in float64, as shares of the largest, for each variant, kernel set and way to
 * convolve: node dist/benchmarks/exactness.js. The tests hold them below 1e-5; this tells what they are.
 */
import ndarray from "ndarray";
import { setV8Flags } from "../lib/cli/v8-flags.js";
import { left, right, table } from "../lib/cli/table.js";
import { usableSets, withEngine } from "../test/engines.js";
import { goldenNames, maxRelativeToLargest, readGolden } from "../test/golden.js";

setV8Flags();
const sets = (await usableSets()).filter((set) => set !== "reference");
const ways = ["direct", "auto"] as const;
const rows: string[][] = [];
for (const name of goldenNames("variants")) {
  const { network, weights, input, output } = readGolden(name);
  const row = [network.name];
  for (const kernels of sets)
    for (const convolutions of ways) {
      const options = { network, weights, kernels, convolutions, threads: 2, maxBatch: 2 };
      const logits = await withEngine(options, (engine) =>
        engine.forward(ndarray(input.data, [...input.shape])),
      );
      row.push(maxRelativeToLargest(logits.data, output.data).toExponential(1));
    }
  rows.push(row);
}
const columns = sets.flatMap((set) => ways.map((way) => right(`${set}, ${way}`)));
process.stdout.write(`Node ${process.version}\n\n${table([left("network"), ...columns], rows)}`);

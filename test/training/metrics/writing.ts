/**
 * A process that writes rows until one fails, and one more: tells on stdout how many it wrote, and what the two said.
 */
import { MetricsFile } from "../../../lib/training/metrics/file.js";

const file = await MetricsFile.open(process.argv[2]);
const pace = { rate: 0.1, imagesPerSecond: null, seconds: 0 };
const failures: string[] = [];
let step = 0;
while (failures.length < 2)
  try {
    await file.write({ kind: "step", step: step + 1, epoch: 0, loss: 1, top1: null, top5: null, ...pace });
    step++;
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  }
process.stdout.write([String(step), ...failures].join("\n"));

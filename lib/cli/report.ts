/** `alexnet report`: what a training has come to, as a page and pictures. */
import type { Command } from "commander";
import { writeReport } from "../training/report/report.js";

export function addReport(program: Command): void {
  program
    .command("report")
    .summary("curves, filters and confusion of a training as a page")
    .description(
      "Writes DIR/report/index.html, a page that needs nothing else, and its pictures as PNG beside it: loss, accuracy" +
        " and learning rate, the first layer's kernels, and the confusion matrix where alexnet eval has left one in DIR.",
    )
    .argument("<dir>", "folder of a training; it may still be running")
    .addHelpText(
      "after",
      `
The page's path goes to stdout.

Examples:
  $ alexnet report runs/cifar10`,
    )
    .action(report);
}

async function report(folder: string): Promise<void> {
  process.stdout.write(`${await writeReport(folder)}\n`);
}

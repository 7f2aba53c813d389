/** What a report says in words and numbers. */
import type { EpochRow, MetricsRow } from "../metrics/rows.js";
import type { Report } from "./collect.js";

const percent = (share: number | null): string => (share === null ? "-" : `${(100 * share).toFixed(2)} %`);
const lossText = (loss: number | null): string => (loss === null ? "-" : loss.toFixed(4));
const rateText = (rate: number | null): string => (rate === null ? "-" : String(Number(rate.toPrecision(3))));
const count = (value: number): string => value.toLocaleString("en-US");

/** Hours, minutes and seconds: "1:02:03". */
function timeText(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Name and value of each. */
export function factsOf({ rows, checkpoint }: Report): [name: string, value: string][] {
  const last = rows.at(-1);
  const epochs = rows.filter((row) => row.kind === "epoch");
  const run = checkpoint?.run;
  const facts: [string, string | undefined][] = [
    ["recipe", run && `${run.recipe.name}, batches of ${run.recipe.batch}, rate ${run.recipe.rate}`],
    [
      "images",
      run &&
        `${count(run.data.training)} for training, ${count(run.data.validation)} for validation, of ${count(run.data.classes.length)} classes`,
    ],
    ["epochs", run ? `${epochs.length} of ${run.recipe.epochs}` : String(epochs.length)],
    ["steps", count(last?.step ?? 0)],
    ["time", last && `${timeText(last.seconds)}${paceOf(epochs)}`],
    ["best validation", bestOf(epochs)],
    ["last validation", validationText(epochs.at(-1))],
    ["seed", run && String(run.seed)],
    [
      "made by",
      checkpoint &&
        `alexnet-threads ${checkpoint.writer.version}, kernels ${checkpoint.run.kernels}, Node ${checkpoint.writer.node.replace("v", "")}`,
    ],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

const paceOf = (epochs: readonly EpochRow[]): string => {
  const pace = epochs.at(-1)?.imagesPerSecond ?? null;
  return pace === null ? "" : `, ${count(Math.round(pace))} images/s in the last epoch`;
};

function bestOf(epochs: readonly EpochRow[]): string | undefined {
  const measured = epochs.filter(({ validation }) => validation !== null && validation.top1 !== null);
  const accuracy = (row: EpochRow) => row.validation?.top1 ?? -1;
  const [first, ...others] = measured;
  if (measured.length === 0) return undefined;
  return validationText(others.reduce((best, row) => (accuracy(row) > accuracy(best) ? row : best), first));
}

function validationText(row: EpochRow | undefined): string | undefined {
  if (!row?.validation) return undefined;
  const { top1, top5, loss } = row.validation;
  const five = top5 === null ? "" : `, top-5 ${percent(top5)}`;
  return `top-1 ${percent(top1)}${five}, loss ${lossText(loss)}, after epoch ${row.epoch + 1}`;
}

/** The epochs as a table; a title that begins with # is of numbers. */
export function epochColumns(rows: readonly MetricsRow[]): {
  readonly titles: readonly string[];
  readonly cells: readonly (readonly string[])[];
} {
  return {
    titles: [
      ...["#epoch", "#steps", "#rate", "#training loss", "#top-1", "#top-5"],
      ...["#validation loss", "#top-1", "#top-5", "#images/s", "#time"],
    ],
    cells: rows
      .filter((row) => row.kind === "epoch")
      .map(({ epoch, step, rate, training, validation, imagesPerSecond, seconds }) => [
        String(epoch + 1),
        count(step),
        rateText(rate),
        lossText(training.loss),
        percent(training.top1),
        percent(training.top5),
        lossText(validation?.loss ?? null),
        percent(validation?.top1 ?? null),
        percent(validation?.top5 ?? null),
        imagesPerSecond === null ? "-" : count(Math.round(imagesPerSecond)),
        timeText(seconds),
      ]),
  };
}

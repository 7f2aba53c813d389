/** Photographs to NDJSON, whole commands: files read, decoded, resized, scored and written. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { caffenet } from "../../lib/network/variants.js";
import { agreementOf } from "../commands/agreement.js";
import { timeCommand } from "../commands/command.js";
import { programs, type Program } from "../commands/contestants.js";
import { makePhotographs, PHOTOGRAPH } from "../commands/photographs.js";
import { withTemporaryFolder } from "../commands/temporary-folder.js";
import { writeWeightFiles, type WeightFiles } from "../commands/weight-files.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { alternate, bestOfEachKind } from "../rounds.js";
import { RATE_COLUMNS, rateFields, ratioColumns, ratioFields, ratioOf, spreadOf } from "../statistics.js";

const COLUMNS = {
  photographs: "photographs",
  contestant: "contestant",
  seconds: "median s",
  ...RATE_COLUMNS,
  ...ratioColumns("ours is faster by"),
  sameFirst: "% with our first class",
};

const ROUNDS = 5;

/** Of photographs that nobody has to resize, scored before anything is timed. */
const CHECKED = 16;
/**
 * Of the photographs. Resizing differs, so two classes that are close change places on some; but what does not agree
 * on half of them, where chance would be one in as many as there are classes, has not scored the same.
 */
const LEAST_AGREEMENT = 0.5;

export async function pipelineSuite(options: BenchOptions): Promise<Section[]> {
  const network = options.network ?? caffenet();
  return withTemporaryFolder(async (folder) => {
    const files = await writeWeightFiles(folder, network);
    const all = await programs(files, options);
    await checkUnresized(folder, files, all);
    const photographs = options.photos ?? join(folder, "photographs");
    if (options.photos === undefined)
      await makePhotographs(photographs, options.quick ? 2 * CHECKED : 1000, PHOTOGRAPH);
    const contestants = all.map((program, index) => {
      const out = join(folder, `${index}.ndjson`);
      const command = program.commandFor({ photographs, out });
      return {
        ...program,
        measure: async () => {
          rmSync(out, { force: true });
          return (await timeCommand(command)).whole;
        },
        rows: () => readFileSync(out, "utf8"),
      };
    });
    // one whole run of everybody brings photographs and weights into memory and decides between the peer's forms
    const best = await bestOfEachKind(contestants, 1);
    const agreements = best.map(({ rows }) => agreementOf(best[0].rows(), rows()));
    const count = agreements[0].photographs;
    const shares = agreements.map(({ sameFirst }) => sameFirst / count);
    best.forEach(({ name }, index) => {
      if (!(shares[index] >= LEAST_AGREEMENT))
        throw new Error(
          `${name}: our first class on a share of ${shares[index]}, less than ${LEAST_AGREEMENT}`,
        );
    });
    const times = await alternate(best, options.quick ? 1 : ROUNDS);
    return [
      {
        title: `pipeline, ${network.name}, photographs to NDJSON`,
        threads: options.threads,
        columns: COLUMNS,
        chart: {
          label: ["contestant"],
          value: "imagesPerSecond",
          spread: ["slowest", "fastest"],
          unit: "images/s",
        },
        rows: best.map(({ name }, index) => {
          const spread = spreadOf(times[index]);
          return {
            photographs: String(count),
            contestant: name,
            seconds: spread.median / 1000,
            ...rateFields(count, spread),
            ...(index > 0
              ? { ...ratioFields(ratioOf(times[index], times[0])), sameFirst: 100 * shares[index] }
              : {}),
          };
        }),
      },
    ];
  });
}

/** Photographs that have the size already: with nothing to resize, everybody must name the same classes. */
async function checkUnresized(folder: string, files: WeightFiles, all: readonly Program[]): Promise<void> {
  const { size } = files.preprocessing;
  const photographs = join(folder, "unresized");
  await makePhotographs(photographs, CHECKED, { width: size, height: size });
  const outputs: string[] = [];
  for (const { commandFor } of all)
    outputs.push((await timeCommand(commandFor({ photographs, batch: 5 }))).stdout);
  outputs.forEach((output, index) => {
    const { sameFirst } = agreementOf(outputs[0], output);
    if (sameFirst < CHECKED)
      throw new Error(
        `${all[index].name}: the same first class on ${sameFirst} of ${CHECKED} photographs that nobody resizes`,
      );
  });
}

/** From the start of the process to the first row, and the memory that it takes. */
import { join } from "node:path";
import { caffenet } from "../../lib/network/variants.js";
import { agreementOf } from "../commands/agreement.js";
import { peakMemoryOf, timeCommand } from "../commands/command.js";
import { programs, type Program, type Work } from "../commands/contestants.js";
import { makePhotographs, PHOTOGRAPH } from "../commands/photographs.js";
import { withTemporaryFolder } from "../commands/temporary-folder.js";
import { writeWeightFiles } from "../commands/weight-files.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { alternate, bestOfEachKind } from "../rounds.js";
import {
  MILLISECOND_COLUMNS,
  millisecondFields,
  ratioColumns,
  ratioFields,
  ratioOf,
  spreadOf,
} from "../statistics.js";

const START_COLUMNS = {
  contestant: "contestant",
  ...MILLISECOND_COLUMNS,
  ...ratioColumns("ours is faster by"),
};
const MEMORY_COLUMNS = {
  batch: "batch",
  contestant: "contestant",
  minMb: "min MB",
  medianMb: "median MB",
  maxMb: "max MB",
  ...ratioColumns("ours takes of it"),
};

interface Rounds {
  readonly trials: number;
  readonly start: number;
  readonly memory: number;
}
const FULL: Rounds = { trials: 3, start: 9, memory: 5 };
const QUICK: Rounds = { trials: 1, start: 1, memory: 1 };

export async function startupSuite(options: BenchOptions): Promise<Section[]> {
  const network = options.network ?? caffenet();
  const rounds = options.quick ? QUICK : FULL;
  const largest = options.quick ? 3 : 64;
  return withTemporaryFolder(async (folder) => {
    const all = await programs(await writeWeightFiles(folder, network), options);
    const many = join(folder, "photographs");
    // two batches, so that one is decoded while the other runs
    await makePhotographs(many, 2 * largest, PHOTOGRAPH);
    const one = { photographs: join(many, "00000.jpg"), batch: 1 };
    const place = { threads: options.threads };
    return [
      {
        title: `startup, ${network.name}, from the start of the process to the first row`,
        ...place,
        columns: START_COLUMNS,
        chart: { label: ["contestant"], value: "medianMs", spread: ["minMs", "maxMs"], unit: "ms" },
        rows: await startRows(all, one, rounds),
      },
      {
        title: `startup, ${network.name}, peak resident memory`,
        ...place,
        columns: MEMORY_COLUMNS,
        chart: {
          group: "batch",
          label: ["contestant"],
          value: "medianMb",
          spread: ["minMb", "maxMb"],
          unit: "MB",
        },
        rows: [
          ...(await memoryRows(all, one, rounds)),
          ...(await memoryRows(all, { photographs: many, batch: largest }, rounds)),
        ],
      },
    ];
  });
}

async function startRows(all: readonly Program[], work: Work, rounds: Rounds): Promise<Section["rows"]> {
  const contestants = all.map((program) => ({
    ...program,
    measure: async () => {
      const { firstOutput, stdout } = await timeCommand(program.commandFor(work));
      // one row of one photograph, or it was no result
      if (firstOutput === undefined || agreementOf(stdout, stdout).photographs !== 1)
        throw new Error(`${program.name}: one row was expected, not ${stdout}`);
      return firstOutput;
    },
  }));
  const best = await bestOfEachKind(contestants, rounds.trials);
  const times = await alternate(best, rounds.start);
  return best.map(({ name }, index) => ({
    contestant: name,
    ...millisecondFields(spreadOf(times[index])),
    ...(index > 0 ? ratioFields(ratioOf(times[index], times[0])) : {}),
  }));
}

async function memoryRows(
  all: readonly Program[],
  work: Work & { readonly batch: number },
  rounds: Rounds,
): Promise<Section["rows"]> {
  const contestants = all.map((program) => ({
    ...program,
    measure: () => peakMemoryOf(program.commandFor(work)),
  }));
  const best = await bestOfEachKind(contestants, rounds.trials);
  const peaks = await alternate(best, rounds.memory);
  return best.map(({ name }, index) => {
    const { min, median, max } = spreadOf(peaks[index]);
    return {
      batch: String(work.batch),
      contestant: name,
      minMb: min / 1e6,
      medianMb: median / 1e6,
      maxMb: max / 1e6,
      ...(index > 0 ? ratioFields(ratioOf(peaks[0], peaks[index])) : {}),
    };
  });
}

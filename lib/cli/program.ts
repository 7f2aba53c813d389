/** The program of all commands, and how it ends: exit codes, errors on one line of stderr. */
import { Command, CommanderError } from "commander";
import { AlexNetError, type ErrorCode } from "../errors/base.js";
import { cliErrors } from "../errors/cli.js";
import { packageVersion } from "../host/host.js";
import { EXIT } from "./exit.js";
import { InterruptedError } from "./interrupt.js";

type AddCommand = (program: Command) => void;

/** In the order of the help. Each is loaded when it is wanted: decoders and workers are slow to load. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  score: async () => (await import("./score.js")).addScore,
  features: async () => (await import("./features.js")).addFeatures,
  train: async () => (await import("./train.js")).addTrain,
  eval: async () => (await import("./eval.js")).addEval,
  summary: async () => (await import("./summary.js")).addSummary,
  plan: async () => (await import("./plan.js")).addPlan,
  init: async () => (await import("./init.js")).addInit,
  pull: async () => (await import("./pull.js")).addPull,
  convert: async () => (await import("./convert.js")).addConvert,
  filters: async () => (await import("./filters.js")).addFilters,
  report: async () => (await import("./report.js")).addReport,
  bench: async () => (await import("./bench.js")).addBench,
  demo: async () => (await import("./demo.js")).addDemo,
};

const USAGE: readonly ErrorCode[] = ["USAGE", "OPTION_INVALID"];

/** Runs one command line; the exit code is in process.exitCode. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    const program = await programFor(args[0]);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // help and version were asked for
    if (error instanceof CommanderError && error.exitCode === 0) return;
    tell(error);
  }
}

/** Errors that a user can meet are one line; anything else is a mistake in the program, and told with its place. */
export function tell(error: unknown): void {
  if (error instanceof InterruptedError) {
    process.exitCode = EXIT.interrupted;
    return;
  }
  const known = error instanceof AlexNetError;
  const text = error instanceof Error ? (known ? error.message : error.stack) : String(error);
  process.stderr.write(`alexnet: ${text ?? ""}\n`);
  process.exitCode = known && USAGE.includes(error.code) ? EXIT.usage : EXIT.cannotRun;
}

/** With the one command that is typed, or with all where it is none of them. */
async function programFor(typed: string | undefined): Promise<Command> {
  const program = new Command("alexnet")
    .description("AlexNet 2012 on worker threads: scores photographs and trains on the processor.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("--help", "show help")
    .helpCommand(false)
    // refused() tells it, once
    .configureOutput({ outputError: () => undefined })
    .exitOverride(refused("alexnet"))
    .addHelpText(
      "after",
      `
Results go to stdout, everything else to stderr.
Exit codes: 0 done, 1 some images failed, 2 usage, 3 cannot run, 130 interrupted.

Examples:
  $ alexnet summary
  $ alexnet score photos --weights caffenet.safetensors --labels synsets.txt > rows.ndjson
  $ alexnet score --help`,
    );
  const loaders = Object.entries(COMMANDS);
  const wanted = loaders.filter(([name]) => name === typed);
  for (const [, load] of wanted.length > 0 ? wanted : loaders) {
    const add = await load();
    add(program);
  }
  for (const command of program.commands) command.exitOverride(refused(`alexnet ${command.name()}`));
  return program;
}

/** What the parser ends with: help and version go on, everything else is a mistake in the command line. */
const refused = (command: string) => (error: CommanderError) => {
  if (error.exitCode === 0) throw error;
  const problem = error.message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.$/, "");
  throw cliErrors.refused(command, error.code === "commander.help" ? "no command is given" : problem);
};

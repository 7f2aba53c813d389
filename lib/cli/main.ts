#!/usr/bin/env node
import { cliErrors } from "../errors/cli.js";
import { EXIT } from "./exit.js";
import { exitOnInterrupt } from "./interrupt.js";
import { run, tell } from "./program.js";
import { setV8Flags } from "./v8-flags.js";

setV8Flags();
exitOnInterrupt();
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // whoever reads the rows has seen enough, as head has
  if (error.code === "EPIPE") process.exit(EXIT.brokenPipe);
  tell(cliErrors.unwritable("stdout", error));
  process.exit();
});
await run(process.argv.slice(2));

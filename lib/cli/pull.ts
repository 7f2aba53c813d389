/** `alexnet pull`: the published files by name, fetched into the cache folder. */
import { join } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { cliErrors } from "../errors/cli.js";
import { download, isThere } from "../fetch/download.js";
import { fileNameOf, OFFICIAL_FILES, type OfficialFile } from "../fetch/official-files.js";
import { isHttp } from "../fetch/request.js";
import { cacheFolder } from "../host/host.js";
import { interruptible } from "./interrupt.js";
import { progressBar, type Progress } from "./progress.js";
import { count, left, right, table } from "./table.js";

interface PullOptions {
  readonly list?: true;
  readonly out?: string;
  readonly url?: string;
}

const NAMES = OFFICIAL_FILES.map(({ name }) => name);
const MEGABYTE = 1e6;

export function addPull(program: Command): void {
  program
    .command("pull")
    .summary("fetch a published file")
    .description(
      "Fetches a published file into the cache folder, checks its size and its hash, and prints its path. A download" +
        " that was broken off goes on where it stopped.",
    )
    .argument("[name]", `one of ${NAMES.join(", ")}`)
    .addOption(
      new Option("--list", "list the files, or the one of the name; write nothing").conflicts(["out", "url"]),
    )
    .addOption(new Option("--out <file>", "file to write (default: in the user's cache folder)"))
    .addOption(
      new Option("--url <url>", "fetch it from a mirror").argParser((text: string) => {
        if (!URL.canParse(text) || !isHttp(new URL(text)))
          throw cliErrors.option("--url", text, "an address of http or https");
        return text;
      }),
    )
    .addHelpText(
      "after",
      `
Examples:
  $ alexnet pull --list
  $ alexnet score photos --weights "$(alexnet pull torchvision)" > rows.ndjson
  $ alexnet pull bvlc-alexnet-npy --out bvlc_alexnet.npy`,
    )
    .action(pull);
}

async function pull(name: string | undefined, { list, out, url }: PullOptions): Promise<void> {
  if (list) {
    process.stdout.write(listing(name === undefined ? OFFICIAL_FILES : [fileCalled(name)]));
    return;
  }
  const file = fileCalled(name);
  const to = out ?? join(cacheFolder(), "weights", fileNameOf(file));
  if (await isThere(to, file)) process.stderr.write(`${file.name}: is there already; ${checksOf(file)}\n`);
  else {
    await fetchTo(to, file, url ?? file.url);
    process.stderr.write(`${file.name}: fetched from ${url ?? file.url}; ${checksOf(file)}\n`);
  }
  process.stdout.write(`${to}\n`);
}

function fileCalled(name: string | undefined): OfficialFile {
  const file = OFFICIAL_FILES.find((known) => known.name === name);
  if (file === undefined) throw cliErrors.option("NAME", name, `one of ${NAMES.join(", ")}`);
  return file;
}

async function fetchTo(to: string, { bytes, hash }: OfficialFile, url: string): Promise<void> {
  let bar: { readonly progress: Promise<Progress>; shown: number } | undefined;
  const onBytes = (done: number, total: number | undefined) => {
    if (total === undefined) return;
    const megabytes = Math.floor(done / MEGABYTE);
    bar ??= { progress: barOf(total, megabytes), shown: megabytes };
    const more = megabytes - bar.shown;
    bar.shown = megabytes;
    if (more !== 0)
      void bar.progress.then((progress) => {
        progress.advance(more);
      });
  };
  try {
    await interruptible("keeping what came for the next time", (signal) =>
      download({ url, to, bytes, hash }, { signal, onBytes }),
    );
  } finally {
    (await bar?.progress)?.stop();
  }
}

const barOf = (total: number, from: number): Promise<Progress> =>
  progressBar(Math.floor(total / MEGABYTE), process.stderr, { unit: "MB", from });

/** What stands behind the file's bytes. */
function checksOf({ bytes, hash }: OfficialFile): string {
  if (hash) return `its ${hash.algorithm} is right`;
  return bytes === undefined
    ? "neither its size nor its hash is known, so nothing was checked"
    : "its size is right, its hash is not known";
}

const listing = (files: readonly OfficialFile[]): string =>
  table(
    [left("name"), right("bytes"), left("hash"), left("what"), left("url")],
    files.map(({ name, bytes, hash, holds, url }) => [
      name,
      bytes === undefined ? "unknown" : count(bytes),
      hash ? `${hash.algorithm} ${hash.hex}` : "unknown",
      holds,
      url,
    ]),
  );

/** From the PATHs of a command line to the images that they name. */
import { isAbsolute, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { cliErrors } from "../errors/cli.js";
import { byName, IMAGE_EXTENSIONS, imagesIn, kindOf, listFolder } from "../images/index.js";

/** For the help of every command that takes them. */
export const PATHS_HELP = `
PATH is an image, a folder, a pattern or -:
  a folder is searched with its folders, in the order of names, for ${IMAGE_EXTENSIONS.join(" ")};
    what starts with a dot is left out
  a pattern ("photos/**/*.jpg", quoted) has *, ? or {} and takes every file that it matches, in the order of names
  - takes a list of images on stdin, one path a line
An image that is named twice is taken once.`;

/**
 * The images that the PATHs name, in order and each once. A path that is not there is kept, and so is a folder inside
 * of a named one that cannot be read: it becomes a row that says so.
 * @throws AlexNetError USAGE for a pattern without a match, a folder or a list without an image; IMAGE_UNREADABLE
 * for a named folder that cannot be read.
 */
export async function expandPaths(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<string[]> {
  if (paths.filter((path) => path === "-").length > 1) throw cliErrors.stdinTwice();
  const byPlace = new Map<string, string>();
  for (const path of paths)
    for (const image of await expandPath(path, stdin)) {
      const place = resolve(image);
      if (!byPlace.has(place)) byPlace.set(place, image);
    }
  return [...byPlace.values()];
}

async function expandPath(path: string, stdin: NodeJS.ReadableStream): Promise<string[]> {
  if (path === "-") return listed(stdin);
  const kind = await kindOf(path);
  if (kind === "folder") {
    const images: string[] = [];
    const listing = await listFolder(path).catch((cause: unknown) => {
      throw cliErrors.folder(path, cause);
    });
    for await (const image of imagesIn(path, listing)) images.push(image);
    if (images.length === 0) throw cliErrors.emptyFolder(path, IMAGE_EXTENSIONS);
    return images;
  }
  // what is there is a name, not a pattern
  if (kind === "missing") return matching(path);
  return [path];
}

/** What a pattern matches; what is no pattern stands for itself. */
async function matching(path: string): Promise<string[]> {
  const { glob, isDynamicPattern } = await import("tinyglobby");
  // brackets are of names such as "IMG (2).jpg", and with nothing else they make no pattern
  if (!isDynamicPattern(path.replace(/[()[\]]/g, ""))) return [path];
  const images = await glob(path, { expandDirectories: false, absolute: isAbsolute(path) });
  if (images.length === 0) throw cliErrors.noMatch(path);
  return images.sort(byName);
}

async function listed(stdin: NodeJS.ReadableStream): Promise<string[]> {
  // not by readline, for which other characters end a line that names may have
  const lines = (await text(stdin)).split("\n").map((line) => line.replace(/\r$/, ""));
  const images = lines.filter((line) => line !== "");
  if (images.length === 0) throw cliErrors.noPaths();
  return images;
}

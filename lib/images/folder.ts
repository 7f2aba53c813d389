/** Folders of images. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { IMAGE_EXTENSIONS } from "./decode.js";

/** What a folder holds, in the order of names. */
export interface Listing {
  /** The real path, without links. */
  readonly place: string;
  readonly entries: readonly Dirent[];
}

/** @throws the error of the system where it cannot be read. */
export async function listFolder(folder: string): Promise<Listing> {
  const place = await realpath(folder);
  const entries = await readdir(folder, { withFileTypes: true });
  return { place, entries: entries.sort((a, b) => byName(a.name, b.name)) };
}

/**
 * The images of a folder and of the folders in it, in the order of names; what starts with a dot is left out. Links are
 * followed, but for those back into a folder that leads here. A folder inside that cannot be read is given in their
 * place: decoding it as an image fails, and says why.
 * @param above the real paths of the folders that lead here
 */
export async function* imagesIn(
  folder: string,
  { place, entries }: Listing,
  above: readonly string[] = [],
): AsyncGenerator<string, void, undefined> {
  if (above.includes(place)) return;
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const isFolder = entry.isSymbolicLink() ? (await kindOf(path)) === "folder" : entry.isDirectory();
    if (isFolder) {
      const listing = await listFolder(path).catch(() => undefined);
      if (listing === undefined) yield path;
      else yield* imagesIn(path, listing, [...above, place]);
    } else if (IMAGE_EXTENSIONS.includes(extname(entry.name).toLowerCase())) yield path;
  }
}

/** What a path leads to, links followed; "missing" also for what may not be looked at: decoding it will say why. */
export async function kindOf(path: string): Promise<"folder" | "file" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return "missing";
  }
}

/** By code units: the same order on every machine, whatever its language. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

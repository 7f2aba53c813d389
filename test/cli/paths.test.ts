import { expect } from "chai";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expandPaths } from "../../lib/cli/paths.js";
import { refusalOf, withFolder } from "../scoring/small.js";

const FILES = [
  "b.JPG",
  "a.png",
  "B.jpg",
  "z/2.tiff",
  "z/10.avif",
  "z/deep/x.webp",
  ".hidden.jpg",
  ".git/y.jpg",
  "notes.txt",
];

/** Expands paths inside a folder with FILES, and tells what came relative to it. */
async function expand(paths: readonly string[], stdin = ""): Promise<string[]> {
  let found: string[] = [];
  await withFolder(async (folder) => {
    for (const file of FILES) {
      await mkdir(join(folder, file, ".."), { recursive: true });
      await writeFile(join(folder, file), "");
    }
    await symlink(folder, join(folder, "z", "loop"));
    await symlink(join(folder, "z", "deep"), join(folder, "also"));
    const list = stdin.replaceAll("@", folder);
    const given = paths.map((path) => path.replace("@", folder));
    found = (await expandPaths(given, Readable.from([list]))).map((path) => path.replace(`${folder}/`, ""));
  });
  return found;
}

describe("expandPaths", () => {
  it("searches a folder with its folders in the order of code units, without hidden ones and loops", async () => {
    expect(await expand(["@"])).to.deep.equal([
      "B.jpg",
      "a.png",
      "also/x.webp",
      "b.JPG",
      "z/10.avif",
      "z/2.tiff",
      "z/deep/x.webp",
    ]);
  });

  it("takes a named file whatever its extension, and one that is missing", async () => {
    expect(await expand(["@/notes.txt", "@/.hidden.jpg", "@/none.jpg"])).to.deep.equal([
      "notes.txt",
      ".hidden.jpg",
      "none.jpg",
    ]);
  });

  it("takes what a pattern matches, in the order of names", async () => {
    expect(await expand(["@/*.{jpg,JPG,txt}"])).to.deep.equal(["B.jpg", "b.JPG", "notes.txt"]);
    expect(await expand(["@/z/**/*.webp"])).to.include("z/deep/x.webp");
  });

  it("takes a name with brackets that is missing as a name", async () => {
    const names = ["IMG (2).jpg", "a[b].png", "(a).png"];
    expect(await expand(names.map((name) => `@/${name}`))).to.deep.equal(names);
    expect(await expand(["@/[a]*.png"])).to.deep.equal(["a.png"]);
  });

  it("takes a list from stdin as it is: lines are no patterns and no folders", async () => {
    expect(await expand(["-"], "@/a.png\n\n@/z\r\n@/*.jpg")).to.deep.equal(["a.png", "z", "*.jpg"]);
  });

  it("ends a line of stdin at a line feed alone, and takes one carriage return before it away", async () => {
    const names = ["a\rb.jpg", "a\u2028b.jpg", "a\u2029b.jpg", "c.jpg\r"];
    expect(await expand(["-"], `${names.join("\n")}\r\nd.jpg\r`)).to.deep.equal([...names, "d.jpg"]);
  });

  it("keeps the first of paths that are the same", async () => {
    expect(await expand(["@/b.JPG", "@", "-"], "@/./b.JPG\n@/z/../a.png\n")).to.deep.equal([
      "b.JPG",
      "B.jpg",
      "a.png",
      "also/x.webp",
      "z/10.avif",
      "z/2.tiff",
      "z/deep/x.webp",
    ]);
  });

  it("refuses what names no image", async () => {
    expect((await refusalOf(expand(["@/.git/none*"])))[0]).to.equal("USAGE");
    expect((await refusalOf(expand(["-"], "\n\n")))[0]).to.equal("USAGE");
    expect((await refusalOf(expand(["-", "a", "-"])))[1]).to.match(/^PATH: got - twice/);
  });
});

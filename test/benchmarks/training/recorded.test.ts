import { expect } from "chai";
import { readRecorded, recordedFrom } from "../../../benchmarks/training/recorded.js";

const RECORD = {
  name: "torch 1.13.0",
  network: "caffenet",
  batch: 128,
  threads: 2,
  processor: "a processor",
  date: "2026-11-30",
  milliseconds: [10, 12.5],
};

describe("benchmarks: what PyTorch was recorded with", () => {
  it("the committed file is one, of caffenet", async () => {
    const { network, name } = await readRecorded();
    expect(network).to.equal("caffenet");
    expect(name).to.match(/^torch \d/);
  });

  it("fields are taken as they are, others left out", () => {
    expect(recordedFrom(JSON.stringify({ ...RECORD, oneDNN: true }))).to.deep.equal(RECORD);
  });

  it("a field that is missing or of another kind is named, with the rule and where the file comes from", () => {
    const refused = (change: object, text: string) => {
      expect(() => recordedFrom(JSON.stringify({ ...RECORD, ...change }))).to.throw(
        TypeError,
        `pytorch.json: ${text}; it must be what peers/pytorch.py prints`,
      );
    };
    refused({ name: undefined }, "name is undefined, must be a name");
    refused({ network: "" }, 'network is "", must be a name');
    refused({ batch: 1.5 }, "batch is 1.5, must be a whole number from 1");
    refused({ threads: 0 }, "threads is 0, must be a whole number from 1");
    refused({ processor: 3 }, "processor is 3, must be a name");
    refused({ date: "today" }, 'date is "today", must be a date as 2026-11-30');
    refused({ milliseconds: [] }, "milliseconds is [], must be a list of numbers above 0");
    refused({ milliseconds: [1, 0] }, "milliseconds is [1,0], must be a list of numbers above 0");
    refused({ milliseconds: [1, null] }, "milliseconds is [1,null], must be a list of numbers above 0");
    expect(() => recordedFrom("null")).to.throw("pytorch.json: no object; it must be");
  });
});

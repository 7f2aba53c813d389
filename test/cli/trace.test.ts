/** `alexnet score --trace`: what Perfetto reads, checked event by event. */
import { expect } from "chai";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { defineNetwork } from "../../lib/network/define.js";
import { saveWeights } from "../../lib/weights/index.js";
import { samples, smallWeights, withFolder } from "../scoring/small.js";
import { alexnet } from "./command.js";

interface Event {
  readonly ph: "M" | "X";
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string; readonly sort_index?: number };
}

const WEIGHTS = ["--weights", "small.safetensors", "--kernels", "baseline"];

const twoTowers = defineNetwork({
  name: "two-towers",
  input: [3, 35, 35],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 8, kernel: 5, stride: 3 },
    { type: "convolution", name: "conv2", outChannels: 8, kernel: 3, groups: 2 },
    { type: "fully-connected", name: "fc3", outFeatures: 7 },
  ],
});

async function traceOf(cwd: string, ...words: string[]): Promise<Event[]> {
  await saveWeights(`${cwd}/small.safetensors`, smallWeights(twoTowers));
  const { code, stderr } = await alexnet(
    ["score", ...samples.slice(0, 3), "missing.jpg", ...WEIGHTS, "--trace", "trace.json", ...words],
    { cwd },
  );
  expect([code, stderr]).to.deep.equal([1, "alexnet: 1 of 4 images failed; their rows say why\n"]);
  const trace = JSON.parse(await readFile(`${cwd}/trace.json`, "utf8")) as { traceEvents: Event[] };
  return trace.traceEvents;
}

/** Names of the lanes and what happened there, in order. */
function lanesOf(events: readonly Event[]): Map<string, Event[]> {
  const lanes = new Map<string, Event[]>();
  for (const { name, tid, args } of events)
    if (name === "thread_name")
      lanes.set(
        args?.name ?? "",
        events
          .filter((event) => event.ph === "X" && event.tid === tid)
          .sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0)),
      );
  return lanes;
}

describe("alexnet score --trace", () => {
  it("writes a lane for each worker, which is a tower, the main thread and the decoders", async () => {
    await withFolder(async (cwd) => {
      const lanes = lanesOf(await traceOf(cwd, "--threads", "2", "--batch", "2"));
      const workers = [...lanes.keys()].filter((name) => name.startsWith("worker"));
      expect(workers.sort()).to.deep.equal(["worker 0, tower 0", "worker 1, tower 1"]);
      for (const worker of workers) {
        const names = new Set(lanes.get(worker)?.map(({ name }) => name));
        expect([...names]).to.include.members(["barrier", "conv1", "conv2", "input"]);
      }
      const decoded = [...lanes].flatMap(([name, events]) => (name.startsWith("decoder") ? events : []));
      expect(decoded.map(({ name }) => name).sort()).to.deep.equal(
        [...samples.slice(0, 3), "missing.jpg"].sort(),
      );
      // three images in batches of two
      expect(lanes.get("main thread")?.map(({ name }) => name)).to.deep.equal(["input", "input"]);
    });
  });

  it("has no two things at once in a lane, and none that ends before it begins", async () => {
    await withFolder(async (cwd) => {
      const lanes = lanesOf(await traceOf(cwd, "--threads", "3"));
      expect([...lanes.keys()]).to.include.members(["worker 0", "worker 1", "worker 2"]);
      for (const [name, events] of lanes) {
        expect(events, name).to.not.have.length(0);
        let end = 0;
        for (const { ts = NaN, dur = NaN } of events) {
          expect(dur, name).to.be.at.least(0);
          // the clock tells microseconds since 1970 in steps of a quarter
          expect(ts, name).to.be.at.least(end - 1);
          end = ts + dur;
        }
      }
    });
  });

  it("says before it scores that the file cannot be there, and leaves nothing else behind", async () => {
    await withFolder(async (cwd) => {
      await saveWeights(`${cwd}/small.safetensors`, smallWeights());
      await mkdir(`${cwd}/folder`);
      const words = ["score", samples[0], ...WEIGHTS, "--trace", "folder"];
      const { code, stdout, stderr } = await alexnet(words, { cwd });
      expect([code, stdout, stderr]).to.deep.equal([
        3,
        "",
        "alexnet: folder: it is a folder; give the path of the file to write\n",
      ]);
      expect((await readdir(cwd)).sort()).to.deep.equal(["folder", "small.safetensors"]);
    });
  });
});

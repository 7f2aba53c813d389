/** A Node pipeline: paths in, NDJSON out, with back-pressure at both ends. */
import { readdir } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createEngine, initWeights, networks, type Row } from "alexnet-threads";

const network = networks.torchvision();
await using engine = await createEngine({ network, weights: initWeights(network, 1), maxBatch: 4 });

const lines = new Transform({
  writableObjectMode: true,
  transform(row: Row, _encoding, done) {
    done(null, `${JSON.stringify(row)}\n`);
  },
});
const folder = "fixtures/samples";
const paths = (await readdir(folder)).map((name) => `${folder}/${name}`);
await pipeline(paths, engine.scoreStream({ topK: 3 }), lines, process.stdout, { end: false });

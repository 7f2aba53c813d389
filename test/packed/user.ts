/** What a user of the tarball writes: .ci/run compiles and runs it in a folder with nothing but sample.jpg. */
import { createEngine, defineNetwork, initWeights, isFailed, networks, PREPROCESSING } from "alexnet-threads";
import type { Row } from "alexnet-threads";
import ndarray from "ndarray";

const CLASSES = 5;
const SIZE = 8;

const network = defineNetwork({
  name: "tiny",
  input: [3, SIZE, SIZE],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 4, kernel: 3 },
    { type: "relu", name: "relu1" },
    { type: "fully-connected", name: "fc2", outFeatures: CLASSES },
  ],
});
await using engine = await createEngine({
  network,
  weights: initWeights(network, 1),
  threads: 2,
  maxBatch: 2,
});

// more images than a batch
const input = ndarray(new Float32Array(3 * 3 * SIZE * SIZE).fill(1), [3, 3, SIZE, SIZE]);
const { shape, data } = await engine.forward(input);
if (shape.join() !== `3,${CLASSES}`) throw new Error(`the output is [${shape.join(", ")}]`);
if (!data.every((value) => Number.isFinite(value) && value !== 0)) throw new Error(`it holds ${data.join()}`);

const rows: Row[] = [];
const options = { topK: 2, preprocessing: { ...PREPROCESSING.torchvision, size: SIZE } };
for await (const row of engine.score(["sample.jpg", "no-such-file.jpg"], options)) rows.push(row);
const told = rows.map((row) => (isFailed(row) ? row.error.code : row.top.length));
if (told.join() !== "2,IMAGE_MISSING") throw new Error(`the rows are ${JSON.stringify(rows)}`);

if (networks.caffenet().layers.length === 0) throw new Error("no layers");

/** What a user of the tarball writes: .ci/run compiles and runs it in an empty folder. */
import { AlexNetError, createEngine, defineNetwork, initWeights, networks, type Row } from "alexnet-threads";

const network = defineNetwork({
  name: "tiny",
  input: [3, 8, 8],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 4, kernel: 3 },
    { type: "relu", name: "relu1" },
    { type: "fully-connected", name: "fc2", outFeatures: 5 },
  ],
});
await using engine = await createEngine({
  network,
  weights: initWeights(network, 1),
  threads: 2,
  maxBatch: 2,
});
const rows: Row[] = [];
try {
  for await (const row of engine.score(["no-such-file.jpg"])) rows.push(row);
} catch (error) {
  // a network without preprocessing cannot take images, and says so
  if (!(error instanceof AlexNetError)) throw error;
}
if (networks.caffenet().layers.length === 0) throw new Error("no layers");

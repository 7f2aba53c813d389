/** Scores the images of a folder and prints the best class of each. Usage: node score-folder.js [FOLDER] [WEIGHTS] */
import { readdir } from "node:fs/promises";
import { createEngine, initWeights, isFailed, networks } from "alexnet-threads";

const [folder, file]: (string | undefined)[] = process.argv.slice(2);
const network = networks.caffenet();
await using engine = await createEngine({ network, weights: file ?? initWeights(network, 1), maxBatch: 8 });

const from = folder ?? "fixtures/samples";
const paths = (await readdir(from)).sort().map((name) => `${from}/${name}`);
for await (const row of engine.score(paths, { topK: 1 })) {
  if (isFailed(row)) console.log(`${row.path ?? ""}: ${row.error.message}`);
  else
    console.log(
      `${row.path ?? ""}: class ${row.top[0].index}, ${(100 * row.top[0].probability).toFixed(2)} %`,
    );
}

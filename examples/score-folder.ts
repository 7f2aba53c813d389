/** Scores the images of a folder and prints the best class of each. Usage: node score-folder.js [FOLDER] [WEIGHTS] */
import { readdir } from "node:fs/promises";
import { createEngine, initWeights, isFailed, networks } from "alexnet-threads";

const given = process.argv.slice(2);
const network = networks.caffenet();
const weights = given.length > 1 ? given[1] : initWeights(network, 1);
await using engine = await createEngine({ network, weights, maxBatch: 8 });

const folder = given.length > 0 ? given[0] : "fixtures/samples";
const paths = (await readdir(folder)).sort().map((name) => `${folder}/${name}`);
for await (const row of engine.score(paths, { topK: 1 })) {
  if (isFailed(row)) console.log(`${row.path ?? ""}: ${row.error.message}`);
  else
    console.log(
      `${row.path ?? ""}: class ${row.top[0].index}, ${(100 * row.top[0].probability).toFixed(2)} %`,
    );
}

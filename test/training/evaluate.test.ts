import { expect } from "chai";
import { createEngine } from "../../lib/scoring/scoring-engine.js";
import { datasetFrom } from "../../lib/training/data/from-items.js";
import { evaluate, type Prediction } from "../../lib/training/evaluate.js";
import { samples, SMALL_PREPROCESSING, smallNetwork, smallWeights } from "../scoring/small.js";

describe("evaluate", () => {
  for (const crops of [1, 10] as const)
    it(`tells what each image is taken for as scoring has it, ${crops} crop(s)`, async () => {
      const labels = samples.map((_, index) => index % 7);
      const broken = 3;
      const items = samples.map((path, index) => ({
        image: index === broken ? Uint8Array.of(1, 2, 3) : path,
        label: labels[index],
      }));
      const dataset = await datasetFrom(items, { classes: Array.from("abcdefg") });
      await using engine = await createEngine({
        ...{ network: smallNetwork(), weights: smallWeights(), maxBatch: 30, tuningFile: false },
      });
      const predictions: Prediction[] = [];
      const { matrix, images, top1 } = await evaluate(engine, dataset, {
        ...{ crops, preprocessing: SMALL_PREPROCESSING, onBadImage: "skip" },
        onPrediction: (prediction) => predictions.push(prediction),
      });
      const good = samples.map((_, index) => index).filter((index) => index !== broken);
      expect(images).to.equal(good.length);
      const rows = await engine.classify(
        good.map((index) => samples[index]),
        { topK: 1, crops },
      );
      const expected = rows.map((row, at) => {
        if (!("top" in row)) throw new Error(row.error.message);
        const [{ index: prediction, probability }] = row.top;
        return { index: good[at], label: labels[good[at]], prediction, probability };
      });
      expect(predictions).to.deep.equal(expected);
      const right = predictions.filter(({ label, prediction }) => label === prediction).length;
      expect(top1).to.equal(right / images);
      const counted = matrix.map((row) => row.map(() => 0));
      for (const { label, prediction } of predictions) counted[label][prediction]++;
      expect(matrix).to.deep.equal(counted);
    });
});

import { expect } from "chai";
import { partition, unitsOf, type Extent, type Slice } from "../../lib/plan/partition.js";
import { Random, testSeed } from "../random.js";

const seed = testSeed();

const randomExtent = (random: Random): Extent => ({
  towers: random.integer(1, 4),
  images: random.integer(1, 6),
  panels: random.integer(1, 7),
  rows: random.integer(1, 9),
});

const total = ({ towers, images, panels, rows }: Extent): number => towers * images * panels * rows;

/** The numbers of the units of a box, towers outermost, rows innermost. */
function unitNumbers({ images, panels, rows }: Extent, slice: Slice): number[] {
  const numbers: number[] = [];
  for (let image = slice.images[0]; image < slice.images[1]; image++)
    for (let panel = slice.panels[0]; panel < slice.panels[1]; panel++)
      for (let row = slice.rows[0]; row < slice.rows[1]; row++)
        numbers.push(((slice.tower * images + image) * panels + panel) * rows + row);
  return numbers;
}

describe(`partition (TEST_SEED=${seed})`, () => {
  const random = new Random(seed);
  const cases = Array.from({ length: 400 }, () => {
    const extent = randomExtent(random);
    const workers = random.pick([1, 2, 3, 4, 5, 7, 8, 9, 16, 64]);
    return { extent, workers, slices: partition(extent, workers) };
  });
  const what = (index: number) =>
    `${JSON.stringify(cases[index].extent)} on ${cases[index].workers}, seed ${seed}`;

  it("covers every unit once, in one interval a worker, the intervals in order", () => {
    cases.forEach(({ extent, workers, slices }, index) => {
      expect(slices.length).to.equal(workers);
      const numbers = slices.flatMap((own) =>
        own.flatMap((slice) => unitNumbers(extent, slice)).sort((a, b) => a - b),
      );
      expect(numbers, what(index)).to.deep.equal([...Array(total(extent)).keys()]);
    });
  });

  it("gives each worker the same number of units, or one more", () => {
    cases.forEach(({ extent, workers, slices }, index) => {
      for (const own of slices) {
        const units = own.reduce((sum, slice) => sum + unitsOf(slice), 0);
        expect(units, what(index)).to.be.within(
          Math.floor(total(extent) / workers),
          Math.ceil(total(extent) / workers),
        );
      }
    });
  });

  it("makes at most 7 boxes a worker, and one more for each further tower, none of them empty", () => {
    let most = 0;
    cases.forEach(({ extent, slices }, index) => {
      for (const own of slices) {
        const towers = new Set(own.map(({ tower }) => tower)).size;
        expect(own.length, what(index)).to.be.at.most(7 + Math.max(0, towers - 1));
        for (const slice of own) expect(unitsOf(slice), what(index)).to.be.above(0);
        most = Math.max(most, own.length);
      }
      const boxes = slices.reduce((sum, own) => sum + own.length, 0);
      expect(boxes, what(index)).to.be.at.most(7 * slices.length + extent.towers);
    });
    expect(most).to.be.above(4);
  });

  it("gives worker 0 of 2 tower 0 and worker 1 tower 1, whatever the layer", () => {
    for (let repeat = 0; repeat < 50; repeat++) {
      const extent = { ...randomExtent(random), towers: 2 };
      const { images, panels, rows } = extent;
      const whole = (tower: number): Slice[] => [
        { tower, images: [0, images], panels: [0, panels], rows: [0, rows] },
      ];
      expect(partition(extent, 2)).to.deep.equal([whole(0), whole(1)]);
    }
  });

  it("leaves workers without work where there are more of them than units", () => {
    const slices = partition({ towers: 1, images: 1, panels: 1, rows: 3 }, 7);
    expect(slices.filter((own) => own.length > 0).length).to.equal(3);
  });
});

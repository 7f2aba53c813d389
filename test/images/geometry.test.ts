import { expect } from "chai";
import { AlexNetError } from "../../lib/errors/base.js";
import { geometryOf } from "../../lib/images/index.js";
import { PREPROCESSING, type Preprocessing } from "../../lib/network/preprocessing.js";

const { torchvision, caffenet, alexnet2012 } = PREPROCESSING;

describe("geometryOf", () => {
  // width, height, then what torchvision 0.14 computes: resized size, start of the 224 rows and columns
  for (const [width, height, resizedWidth, resizedHeight, top, left] of [
    [500, 375, 341, 256, 16, 58], // (341 - 224) / 2 = 58.5, half to even
    [375, 500, 256, 341, 58, 16],
    [97, 61, 407, 256, 16, 92], // 91.5
    [343, 500, 256, 373, 74, 16], // 74.5
    [33, 300, 256, 2327, 1052, 16], // 1051.5
    [256, 256, 256, 256, 16, 16],
    [1, 1, 256, 256, 16, 16],
    [800, 600, 341, 256, 16, 58],
  ] as const)
    it(`torchvision's ${width} x ${height}: ${resizedWidth} x ${resizedHeight}, from row ${top}, column ${left}`, () => {
      const got = geometryOf(width, height, torchvision, [3, 224, 224]);
      expect([got.width, got.height]).to.deep.equal([resizedWidth, resizedHeight]);
      expect([got.region.top + got.centreRow, got.region.left + got.centreColumn]).to.deep.equal([top, left]);
      expect([got.region.width, got.region.height]).to.deep.equal([256, 256]);
    });

  it("Caffe stretches to 256 x 256 and starts 227 at 14 (14.5 truncated)", () => {
    expect(geometryOf(500, 375, caffenet, [3, 227, 227])).to.deep.equal({
      width: 256,
      height: 256,
      region: { left: 0, top: 0, width: 256, height: 256 },
      cropHeight: 227,
      cropWidth: 227,
      centreRow: 14,
      centreColumn: 14,
    });
  });

  it("the 2012 recipe keeps the centre 256 x 256 of the shorter side's 256, truncated, and starts 224 at 16", () => {
    const got = geometryOf(500, 375, alexnet2012, [3, 224, 224]);
    expect(got.region).to.deep.equal({ left: 42, top: 0, width: 256, height: 256 }); // 42.5 truncated
    expect([got.centreRow, got.centreColumn]).to.deep.equal([16, 16]);
  });

  it("an odd margin of an odd margin: round and truncate start 227 of 256 apart", () => {
    const round = geometryOf(256, 256, torchvision, [3, 227, 227]);
    const truncate = geometryOf(256, 256, { ...torchvision, centre: "truncate" }, [3, 227, 227]);
    expect([round.centreRow, truncate.centreRow]).to.deep.equal([14, 14]); // 14.5: even is below
    const wider = { ...torchvision, size: 254 };
    expect(geometryOf(254, 254, wider, [3, 227, 227]).centreRow).to.equal(14); // 13.5: even is above
    expect(geometryOf(254, 254, { ...wider, centre: "truncate" }, [3, 227, 227]).centreRow).to.equal(13);
  });

  it("every crop lies inside the region, and the region inside the resized image", () => {
    let looked = 0;
    for (const centre of ["round", "truncate"] as const)
      for (const resize of ["shorter-side", "stretch"] as const)
        for (let size = 8; size <= 11; size++)
          for (let crop = 1; crop <= size; crop++)
            for (let width = 1; width <= 40; width++) {
              const recipe: Preprocessing = { ...torchvision, centre, resize, size };
              const got = geometryOf(width, 13, recipe, [3, crop, size]);
              expect(got.region.left).to.be.within(0, got.width - size);
              expect(got.region.top).to.be.within(0, got.height - size);
              expect(got.centreRow, `size ${size}, crop ${crop}, width ${width}`).to.be.within(
                0,
                size - crop,
              );
              expect(got.centreColumn).to.equal(0);
              looked++;
            }
    expect(looked).to.equal(4 * (8 + 9 + 10 + 11) * 40);
  });

  for (const [title, size, input, text] of [
    [
      "an input that is no map of three channels",
      256,
      [1, 227, 227],
      "input: the network takes [1, 227, 227]; images whose preprocessing has the channels RGB need an input" +
        " [3, H, W]; use a network of 3 channels, or other channels in the preprocessing",
    ],
    [
      "a flat input",
      256,
      [3],
      "input: the network takes [3]; images whose preprocessing has the channels RGB need an input" +
        " [3, H, W]; use a network of 3 channels, or other channels in the preprocessing",
    ],
    [
      "a size smaller than the input",
      226,
      [3, 224, 227],
      "preprocessing: size 226 is less than the network's input 224 x 227; a crop must fit into size x size; raise size",
    ],
  ] as const)
    it(`refuses ${title}`, () => {
      expect(() => geometryOf(500, 375, { ...torchvision, size }, input))
        .to.throw(AlexNetError, new RegExp(`^${text.replace(/[[\]]/g, "\\$&")}$`))
        .with.property("code", "INPUT_INVALID");
    });

  it("wants one channel of a network where the preprocessing is grey", () => {
    const grey: Preprocessing = { ...torchvision, channels: "grey", mean: [0.5], std: [1] };
    expect(geometryOf(500, 375, grey, [1, 224, 224])).to.deep.equal(
      geometryOf(500, 375, torchvision, [3, 224, 224]),
    );
    expect(() => geometryOf(500, 375, grey, [3, 224, 224]))
      .to.throw(
        AlexNetError,
        "input: the network takes [3, 224, 224]; images whose preprocessing has the channels grey need an input" +
          " [1, H, W]; use a network of 1 channel, or other channels in the preprocessing",
      )
      .with.property("code", "INPUT_INVALID");
  });
});

import { expect } from "chai";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { MODEL_NAMES } from "../../lib/network/variants.js";

describe("preprocessing", () => {
  it("is known for every published network", () => {
    expect(Object.keys(PREPROCESSING)).to.have.members([...MODEL_NAMES]);
  });

  it("subtracts the mean colour of ImageNet in the order of the channels", () => {
    const blueFirst = [104.00698793, 116.66876762, 122.67891434];
    expect(PREPROCESSING.caffenet).to.deep.include({ channels: "BGR", scale: 1, mean: blueFirst });
    expect(PREPROCESSING["bvlc-alexnet"]).to.deep.equal(PREPROCESSING.caffenet);
    expect(PREPROCESSING.alexnet2012).to.deep.include({ channels: "RGB", mean: blueFirst.toReversed() });
  });

  it("is torchvision's normalisation for the PyTorch forms", () => {
    expect(PREPROCESSING.torchvision).to.deep.include({
      channels: "RGB",
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      resize: "shorter-side",
    });
    expect(PREPROCESSING["single-tower"]).to.deep.equal(PREPROCESSING.torchvision);
  });
});

import type { ModelName } from "./variants.js";

/**
 * What was done to an image before it went into conv1 when the weights were trained. It belongs to the weights,
 * not to the network, and travels with them.
 */
export interface Preprocessing {
  /**
   * The order of the three input channels; "grey" is one channel, the luma of ITU-R BT.601 of the resized pixels, as
   * Pillow's mode L has it.
   */
  readonly channels: "RGB" | "BGR" | "grey";
  /** Pixels 0..255 are multiplied by this first: 1, or 1 / 255. */
  readonly scale: number;
  /** Subtracted after the scale, a number for each channel in the order of `channels`. */
  readonly mean: readonly number[];
  /**
   * A mean for each pixel of the resized image, [C, size, size] in the order of `channels`: where it is there, its part
   * under the crop is subtracted in place of `mean`, before the crop is mirrored (Caffe, the paper).
   */
  readonly meanImage?: Float32Array;
  /** Divided by, after the mean, a number for each channel in the order of `channels`. */
  readonly std: readonly number[];
  /**
   * "shorter-side": the shorter side becomes `size` pixels, the other keeps the aspect (truncated, as torchvision
   * does), then the centre size x size counts. "stretch": both sides become `size`, whatever the aspect (Caffe).
   */
  readonly resize: "shorter-side" | "stretch";
  /** Pixels after the resize, 1 to 4096: 256 in every published recipe. */
  readonly size: number;
  /** "pil": triangle filter with antialiasing (PIL, torchvision); "opencv": two-tap bilinear (cv::resize, Caffe). */
  readonly filter: "pil" | "opencv";
  /** How the centre offset is rounded when the margin is odd: torchvision rounds half to even, Caffe truncates. */
  readonly centre: "round" | "truncate";
}

/** The part of a preprocessing that decides over the bytes of a prepared image, before any arithmetic. */
export type Framing = Pick<Preprocessing, "channels" | "resize" | "size" | "filter" | "centre">;

/** The input channels that a preprocessing makes. */
export const channelsOf = ({ channels }: Pick<Preprocessing, "channels">): 1 | 3 =>
  channels === "grey" ? 1 : 3;

const caffe: Preprocessing = {
  channels: "BGR",
  scale: 1,
  // mean over imagenet_mean.binaryproto (BVLC)
  mean: [104.00698793, 116.66876762, 122.67891434],
  std: [1, 1, 1],
  resize: "stretch",
  size: 256,
  filter: "opencv",
  centre: "truncate",
};

const torch: Preprocessing = {
  channels: "RGB",
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  resize: "shorter-side",
  size: 256,
  filter: "pil",
  centre: "round",
};

/** How each variant's weights want their images; for the mean images of the paper and of BVLC stand their mean colours. */
export const PREPROCESSING: Record<ModelName, Preprocessing> = {
  alexnet2012: {
    channels: "RGB",
    scale: 1,
    mean: [122.67891434, 116.66876762, 104.00698793],
    std: [1, 1, 1],
    resize: "shorter-side",
    size: 256,
    filter: "pil",
    centre: "truncate",
  },
  caffenet: caffe,
  "bvlc-alexnet": caffe,
  "single-tower": torch,
  torchvision: torch,
};

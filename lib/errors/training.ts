/** What a network must be to be trained. */
import { AlexNetError } from "./base.js";

const impossible = (message: string) => new AlexNetError("TRAINING_IMPOSSIBLE", message);

export const trainingErrors = {
  noWeights: (network: string) =>
    impossible(
      `network ${network}: it has no convolution and no fully connected layer; there is nothing to train`,
    ),
  noClasses: (network: string, shape: readonly number[]) =>
    impossible(
      `network ${network}: its output has shape [${shape.join(", ")}]; training needs one value a class;` +
        ` end the network in a fully connected layer`,
    ),
  padding: (layer: string, padding: readonly number[], kernel: readonly number[]) =>
    impossible(
      `layer ${layer}: padding is [${padding.join(", ")}]; to be trained it must be less than the kernel` +
        ` [${kernel.join(", ")}] at the top and left; pad less`,
    ),
};

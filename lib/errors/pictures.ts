import { AlexNetError } from "./base.js";

const mismatch = (message: string) => new AlexNetError("WEIGHTS_MISMATCH", message);

/** Errors of pictures of weights. */
export const picturesErrors = {
  noFilters: (network: string, channels: number) =>
    mismatch(
      `network ${network}: its first convolution reads ${channels} channels; only kernels over one grey or three colour` +
        ` channels can be drawn; use a network that takes images`,
    ),
  noConvolution: (network: string) =>
    mismatch(`network ${network}: it has no convolution; there are no kernels to draw`),
};

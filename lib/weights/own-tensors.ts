/** Tensors in the files of this package that are no parameters of the network: velocities, in the checkpoint of a training. */
import { isOwnMetadata } from "./metadata.js";
import type { StoredTensor } from "./stored.js";

/** Before the name of the parameter that a velocity belongs to. */
export const VELOCITY = "velocity.";

type Tensors = ReadonlyMap<string, StoredTensor>;

/** The parameters among the tensors of a file. */
export const parametersIn = (tensors: Tensors, metadata: ReadonlyMap<string, string>): Tensors =>
  isOwnMetadata(metadata) ? new Map([...tensors].filter(([name]) => !name.startsWith(VELOCITY))) : tensors;

/** The velocities, by their parameters' names. */
export const velocitiesIn = (tensors: Tensors): Tensors =>
  new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(VELOCITY))
      .map(([name, tensor]) => {
        const own = name.slice(VELOCITY.length);
        return [own, { ...tensor, name: own }];
      }),
  );

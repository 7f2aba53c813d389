/** The part of a checkpoint that is no tensor, as JSON beside them. */
import { checkpointErrors } from "../../errors/training.js";
import { packageVersion } from "../../host/host.js";
import {
  fieldsOf,
  list,
  notNegative,
  nullOr,
  number,
  object,
  record,
  share,
  text,
  whole,
  type Check,
} from "../fields.js";
import { defineRecipe } from "../recipes/define.js";
import type { Recipe } from "../recipes/recipe.js";
import type { DataFingerprint, RunIdentity, RunPosition } from "./state.js";

/** The key in the file's metadata. */
export const CHECKPOINT = "checkpoint";
/** Of what is written under it. */
const VERSION = 1;

/** What wrote a checkpoint. */
export interface Writer {
  /** Of this package. */
  readonly version: string;
  readonly node: string;
}

export interface Described {
  readonly run: RunIdentity;
  readonly position: RunPosition;
  readonly writer: Writer;
}

/** Exact: JSON keeps every bit of a finite number but the sign of 0. */
export const describe = ({ run, position }: Pick<Described, "run" | "position">): string =>
  JSON.stringify({
    version: VERSION,
    writer: { version: packageVersion(), node: process.version },
    run,
    position,
  });

const finite = number("a finite number", () => true);
const recipe: Check<Recipe> = ({ source, at, value }) => defineRecipe(value, `${source}: ${at}`);
const data: Check<DataFingerprint> = object(
  { classes: list(text), training: whole(1), validation: whole(0) },
  {},
);

const described: Check<Described & { readonly version: number }> = object(
  {
    version: whole(1),
    writer: object({ version: text, node: text }, {}),
    run: object({ seed: whole(0), recipe, data, kernels: text }, {}),
    position: object(
      {
        step: whole(0),
        epoch: whole(0),
        batch: whole(0),
        plateau: object({ best: nullOr(share), epochsSince: whole(0), divisions: whole(0) }, {}),
        best: nullOr(object({ epoch: whole(0), accuracy: share }, {})),
        sums: record(finite),
        seconds: notNegative,
      },
      {},
    ),
  },
  {},
);

/**
 * @param path the checkpoint, for messages
 * @throws AlexNetError CHECKPOINT_INVALID for a newer version, and for what no version writes.
 */
export function parseDescribed(path: string, json: string): Described {
  const place = { errors: checkpointErrors, source: path, at: "", value: valueOf(path, json) };
  const { version, writer } = fieldsOf(place);
  if (typeof version === "number" && version > VERSION)
    throw checkpointErrors.newer(
      path,
      version,
      (Object(writer) as Partial<Writer>).version,
      VERSION,
      packageVersion(),
    );
  const { run, position, writer: writtenBy } = described(place);
  return { run, position, writer: writtenBy };
}

function valueOf(path: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw checkpointErrors.unreadable(path, cause);
  }
}

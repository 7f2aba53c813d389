/** What PyTorch's formats of before 1.6 say about themselves. */
import { weightsErrors } from "../../errors/weights.js";
import type { PickleStream } from "../pickle/pickle-stream.js";
import { kindOf, shown, type PickleValue } from "../pickle/pickle-values.js";

/** Bytes of a pickle that holds a number or a few; sys_info has 120. */
export const SMALL_PICKLE = 1024;
/** For pickles of plain values. */
export const NO_GLOBALS: ReadonlySet<string> = new Set();

/**
 * The pickle of a dict with protocol_version, little_endian and type_sizes, of which the last says nothing here:
 * every number of the formats has a fixed size.
 * @throws AlexNetError WEIGHTS_INVALID for another version or byte order.
 */
export async function checkSystem(stream: PickleStream, version: number): Promise<void> {
  const { value } = await stream.pickle(SMALL_PICKLE, NO_GLOBALS);
  if (!(value instanceof Map))
    throw weightsErrors.broken(stream.source, "sys_info", `is ${kindOf(value)}, not a dict`);
  checkVersion(stream.source, "sys_info: protocol_version", value.get("protocol_version"), version);
  const little = value.get("little_endian");
  if (little !== true)
    throw weightsErrors.refused(
      stream.source,
      "sys_info: little_endian",
      `is ${String(shown(little))}, not true`,
      "save it on a little-endian machine",
    );
}

/** @throws AlexNetError WEIGHTS_INVALID where `value` is not `version`. */
export function checkVersion(
  source: string,
  at: string,
  value: PickleValue | undefined,
  version: number,
): void {
  if (value !== version)
    throw weightsErrors.refused(
      source,
      at,
      `is ${String(shown(value))}, not ${version}`,
      "save it with torch.save of 1.6 or later",
    );
}

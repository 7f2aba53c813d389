/**
 * NumPy's .npy of the bvlc_alexnet.npy kind: an array of objects without axes, pickled, which holds one dict of layers.
 * Which network its layers are for, it does not say.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";
import type { WeightFormat } from "../format.js";
import { readPickleAt } from "../pickle/pickle-file.js";
import type { PickleRules } from "../pickle/pickle-rules.js";
import { kindOf } from "../pickle/pickle-values.js";
import type { FileContents } from "../stored.js";
import { layerTensors } from "./layers.js";
import { NUMPY_GLOBALS, readArray } from "./ndarray.js";
import { isNpy, NPY_HEAD_BYTES, parseNpyHeader } from "./npy-header.js";

const SAVEZ = "save the arrays with np.savez, named LAYER.weight and LAYER.bias";
const OBJECTS = "|O";

const RULES: PickleRules = {
  globals: NUMPY_GLOBALS,
  protocols: [2, 3],
  spans: true,
  what: "dict of arrays",
  next: SAVEZ,
  protocolNext: SAVEZ,
};

export const npy: WeightFormat = {
  name: "npy",
  matches: isNpy,
  read: (file) => file.use((opened) => readNpy(file, opened)),
};

async function readNpy(file: WeightFile, opened: OpenFile): Promise<FileContents> {
  const { source, size } = file;
  const head = new Uint8Array(Math.min(NPY_HEAD_BYTES, size));
  await opened.read(0, head);
  const { descr, shape, dataOffset } = parseNpyHeader(source, head);
  if (descr !== OBJECTS)
    throw weightsErrors.refused(source, "the file", `holds one array of ${show(descr)}, no layers`, SAVEZ);
  if (shape.length > 0)
    throw weightsErrors.field(source, "the shape of the .npy header", shape, "[], that of one dict");
  const { value, end } = await readPickleAt(file, opened, "the pickle:", dataOffset, RULES);
  if (end !== size)
    throw weightsErrors.broken(source, "the file", `goes on behind its pickle's end at byte ${end}`);
  const array = readArray(source, "the array", value);
  if (array.descr !== "|O8" && array.descr !== "|O4")
    throw weightsErrors.field(source, "the array: dtype", array.descr, '"|O8" or "|O4", that of objects');
  if (array.shape.length > 0) throw weightsErrors.field(source, "the array: shape", array.shape, "[]");
  if (!Array.isArray(array.raw) || array.raw.length !== 1)
    throw weightsErrors.broken(source, "the array", `has ${kindOf(array.raw)}, not a list of one object`);
  return { tensors: layerTensors(source, array.raw[0]) };
}

/** The tensors of a PyTorch state dict, out of its pickle, whatever kind of file holds them. */
import { weightsErrors } from "../../errors/weights.js";
import {
  kindOf,
  PickleCall,
  PickleTuple,
  type PickleDict,
  type PickleValue,
} from "../pickle/pickle-values.js";
import type { StoredTensor } from "../stored.js";
import { SAVE_STATE } from "./torch-storage.js";
import { checkedTensor, TensorPlace, type TensorView } from "./torch-tensor.js";

/** Reads what a kind of file has for a tensor; a parameter around it is gone. */
export type ReadView = (place: TensorPlace, value: PickleValue | undefined) => TensorView;

const PARAMETERS = new Set(["torch._utils _rebuild_parameter", "torch.nn.parameter Parameter"]);

/** Every import that a state dict may hold around its tensors. */
export const STATE_GLOBALS: ReadonlySet<string> = new Set(["collections OrderedDict", ...PARAMETERS]);

/** Bytes of the pickle of a state dict. AlexNet's needs 2 KB. */
export const LARGEST_PICKLE = 1 << 20;

/** Items in the state of a parameter that holds its tensor there: data, creator, hooks, requires_grad, volatile. */
const OLD_STATE = 5;
/** Where checkpoints keep the state dict. */
const WRAPPERS = ["state_dict", "model"];

/**
 * The tensors of a saved state dict, or of a checkpoint that holds one as "state_dict" or "model", whose other
 * entries are left alone.
 * @throws AlexNetError WEIGHTS_INVALID naming the tensor and what is wrong with it.
 */
export function stateTensors(
  source: string,
  pickled: PickleValue,
  readView: ReadView,
): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [key, value] of stateDict(source, pickled)) {
    if (typeof key !== "string")
      throw weightsErrors.refused(
        source,
        "the state dict",
        `has ${kindOf(key)} as a key`,
        "name tensors by strings",
      );
    const place = new TensorPlace(source, key);
    tensors.set(key, checkedTensor(place, readView(place, withoutParameter(value))));
  }
  return tensors;
}

function stateDict(source: string, pickled: PickleValue): PickleDict {
  if (!(pickled instanceof Map))
    throw weightsErrors.refused(source, "the file", `holds ${kindOf(pickled)}, not a state dict`, SAVE_STATE);
  for (const wrapper of WRAPPERS) {
    const inner = pickled.get(wrapper);
    if (inner instanceof Map) return inner;
  }
  return pickled;
}

/**
 * The tensor in an nn.Parameter: its first argument or, where the first releases wrote it, first of the five items of
 * its state (torch/_tensor.py, Tensor.__setstate__). A later state, of three, holds no tensor.
 */
function withoutParameter(value: PickleValue): PickleValue | undefined {
  if (!(value instanceof PickleCall) || !PARAMETERS.has(value.callee)) return value;
  const { args, state } = value;
  const holds = state instanceof PickleTuple && state.items.length === OLD_STATE;
  return (holds ? state.items : args)[0];
}

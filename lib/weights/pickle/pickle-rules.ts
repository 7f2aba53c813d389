/** What a pickle may hold, by what it is the pickle of. */
export interface PickleRules {
  /** Every "module name" that may appear. */
  readonly globals: ReadonlySet<string>;
  readonly protocols: readonly number[];
  /** Whether strings are given by their place in the file, and byte strings of Python 3 are known. */
  readonly spans: boolean;
  /** What it is, for messages: "state dict". */
  readonly what: string;
  /** What to do about what it does not need. */
  readonly next: string;
  /** What to do about another protocol. */
  readonly protocolNext: string;
}

/** PyTorch's, whose globals its reader knows. */
export const STATE_DICT: Omit<PickleRules, "globals"> = {
  protocols: [2],
  spans: false,
  what: "state dict",
  next: "save it with torch.save(model.state_dict(), path)",
  protocolNext: "save it with torch.save's default protocol",
};

import { expect } from "chai";
import { loadWeights } from "../../lib/weights/load.js";
import { op, pickleBytes } from "./helpers/build.js";
import {
  int64,
  no,
  storageEntry,
  system,
  table,
  tarBytes,
  tarParts,
  tarTorchBytes,
  tensorEntry,
  views,
  type TarParts,
} from "./helpers/build-old-torch.js";
import { itRefuses } from "./helpers/damaged.js";
import { expectError, expectFixture, readAll, withFile } from "./helpers/files.js";

const damaged = "; the file is damaged, get it again";
const save = "; save it with torch.save(model.state_dict(), path)";
const again = "; save it with torch.save of 1.6 or later";
const give = "; give the file that torch.save wrote";
const raw = (text: string): Buffer => Buffer.from(text, "latin1");

const view = (key: number, root: number, offset: number, elements: number): Buffer =>
  op.tuple(...[key, root, offset, elements].map(op.int));
const named = (...values: Buffer[]): Buffer =>
  pickleBytes(op.dict(...values.flatMap((value, i) => [op.text(`w${i}`), value])));
const key = (digits: string): Buffer => op.persistent(op.text(digits));

const refuses = (title: string, parts: TarParts | Buffer, text: string | RegExp): void => {
  itRefuses(title, Buffer.isBuffer(parts) ? parts : tarTorchBytes(parts), text);
};

describe("PyTorch tar files", () => {
  for (const name of ["state", "checkpoint", "dtypes", "strided", "tied", "parameter", "counter"])
    it(`reads tar-${name}.pth as torch does`, () =>
      expectFixture(`tar-${name}.pth`, "torch-tar", `torch-${name}.pth`));
  for (const name of ["reduce", "arguments"])
    it(`reads tar-${name}.pth, parameters in another form, as torch does`, () =>
      expectFixture(`tar-${name}.pth`, "torch-tar", "torch-parameter.pth"));
  it("reads tar-python2.pth as torch does", () => expectFixture("tar-python2.pth", "torch-tar"));

  it("reads tensors that lay on a GPU", () =>
    withFile(tarTorchBytes({ tensors: table(tensorEntry({ module: "torch.cuda" })) }), async (path) => {
      expect((await readAll(await loadWeights(path))).get("w")).to.deep.equal(Float32Array.of(1, 2));
    }));

  const { sys_info, ...rest } = tarParts();
  const members = Object.entries(rest).map(([name, data]) => ({ name, data }));
  refuses(
    "an archive without sys_info",
    tarBytes(members),
    `is a tar archive without "sys_info", which is not read${give}`,
  );
  refuses(
    "an archive of something else",
    tarBytes([{ name: "README" }]),
    `is a tar archive without "sys_info", which is not read${give}`,
  );
  refuses(
    "another member",
    tarBytes([{ name: "sys_info", data: sys_info }, ...members, { name: "../x" }]),
    `member "../x" is none of sys_info, pickle, tensors, storages${give}`,
  );
  refuses(
    "another protocol version",
    { sys_info: pickleBytes(system(1001)) },
    `sys_info: protocol_version is 1001, not 1000${again}`,
  );
  refuses(
    "big-endian numbers",
    { sys_info: pickleBytes(system(1000, no)) },
    "sys_info: little_endian is false, not true; save it on a little-endian machine",
  );
  for (const [name, content] of Object.entries(tarParts()) as [keyof TarParts, Buffer][]) {
    refuses(
      `bytes behind the end of ${name}`,
      { [name]: Buffer.concat([content, raw(".")]) },
      `${name} goes on behind its end at byte ${content.length}${damaged}`,
    );
    it(`refuses ${name} at every cut`, async () => {
      for (let length = 0; length < content.length; length++)
        await withFile(tarTorchBytes({ [name]: content.subarray(0, length) }), (path) =>
          expectError(
            loadWeights(path),
            "WEIGHTS_INVALID",
            new RegExp(`^FILE: (${name} byte|storage "10": elements)`),
            path,
          ),
        );
    });
  }

  refuses(
    "a tensor that is not there",
    { pickle: named(key("21")) },
    `tensor "w0": key is "21"; it must be one in the member tensors${damaged}`,
  );
  refuses(
    "a storage for a tensor",
    { pickle: named(key("10")) },
    `tensor "w0": key is "10"; it must be one in the member tensors${damaged}`,
  );
  refuses(
    "an entry that is no tensor",
    { pickle: named(key("20"), op.int(3)) },
    `tensor "w1" is a number, not a tensor${save}`,
  );
  refuses(
    "a parameter without a tensor",
    { pickle: named(op.reduce(op.global("torch.nn.parameter", "Parameter"), op.tuple())) },
    `tensor "w0" is nothing, not a tensor${save}`,
  );
  const source = op.persistent(op.tuple(op.none, op.text("f.py"), op.text("class A: pass")));
  refuses(
    "a module with its source",
    { pickle: named(key("20"), source) },
    `a persistent id is a module with its source code${save}`,
  );
  refuses(
    "a persistent id that is a number",
    { pickle: named(op.persistent(op.int(20))) },
    `a persistent id is 20; it must be a key in decimal digits${damaged}`,
  );
  refuses(
    "a tensor of later files",
    { pickle: named(op.global("torch._utils", "_rebuild_tensor")) },
    /^FILE: pickle byte \d+ wants to import "torch._utils._rebuild_tensor", which a state dict does not need/,
  );
  refuses(
    "a call of the system",
    { pickle: pickleBytes(op.reduce(op.global("posix", "system"), op.tuple(op.text("id")))) },
    `pickle byte 2 wants to import "posix.system", which a state dict does not need${save}`,
  );
  refuses(
    "a call in sys_info",
    { sys_info: pickleBytes(op.global("posix", "system")) },
    `sys_info byte 2 wants to import "posix.system", which a state dict does not need${save}`,
  );
  refuses(
    "a storage's pickle of more than 1 KiB",
    { storages: table(pickleBytes(op.text("x".repeat(1100)))) },
    /^FILE: storages byte \d+ goes past the 1024 bytes of a pickle that are read; save the state dict alone/,
  );
  refuses(
    "a dict that holds itself",
    { pickle: pickleBytes(raw("}q\0X\x01\0\0\0wh\0s")) },
    `tensor "w" is a dict of 1, not a tensor${save}`,
  );
  refuses(
    "views and tensors that name a storage far more often than it is stored",
    {
      storages: Buffer.concat([
        table(storageEntry(10, "FloatStorage", Buffer.concat([int64(1 << 18), Buffer.alloc(1 << 20)]))),
        views(...[1, 2, 3, 4, 5].map((i) => view(10 + i, 10, 0, 1 << 18))),
      ]),
      tensors: table(
        ...[1, 2, 3, 4, 5].map((i) =>
          tensorEntry({ key: op.int(20 + i), storage: op.int(10 + i), size: [1 << 18] }),
        ),
      ),
      pickle: named(...[1, 2, 3, 4, 5].map((i) => key(String(20 + i)))),
    },
    /^FILE: the size of its tensors together is 5242880 bytes, more than 4 times the \d+ in which they lie; save each /,
  );
});

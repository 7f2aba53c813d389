import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { loadWeights } from "../../lib/weights/load.js";
import { floats } from "./helpers/build.js";
import { expectError, inFolder, readAll } from "./helpers/files.js";
import { bytes, int, onnxBytes, tensorFields, text } from "./helpers/onnx.js";

describe("ONNX models with data in another file", () => {
  const external = (entries: Readonly<Record<string, string>>): Buffer =>
    onnxBytes({
      tensors: [
        bytes(
          5,
          tensorFields({ data: int(14, 1) }),
          ...Object.entries(entries).map(([key, content]) => bytes(13, text(1, key), text(2, content))),
        ),
      ],
    });
  const inModel = async (
    entries: Readonly<Record<string, string>>,
    use: (path: string, folder: string) => Promise<void>,
  ) =>
    inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      await writeFile(path, external(entries));
      await writeFile(join(folder, "w.bin"), floats(0, 1, 2, 3, 4, 5, 6));
      await symlink("w.bin", join(folder, "link.bin"));
      await use(path, folder);
    });

  it("are refused by default", () =>
    inModel({ location: "w.bin" }, (path) =>
      expectError(
        loadWeights(path),
        "WEIGHTS_INVALID",
        'FILE: tensor "w": its data lie in another file, which is not read unless allowed; save the model in one' +
          " file, or allow it with --external-data (`externalData`)",
        path,
      ),
    ));

  for (const [entries, start] of [
    [{ location: "w.bin", offset: "4", length: "24" }, 1],
    [{ location: "w.bin", checksum: "00" }, 0],
  ] as const)
    it(`are read where that is allowed: ${JSON.stringify(entries)}`, () =>
      inModel(entries, async (path, folder) => {
        const weights = await loadWeights(path, { externalData: true });
        const wanted = [0, 1, 2, 3, 4, 5].map((item) => item + start);
        expect([...((await readAll(weights)).get("fc1.weight") ?? [])]).to.deep.equal(wanted);
        await writeFile(join(folder, "w.bin"), floats(1));
        await expectError(
          readAll(weights),
          "WEIGHTS_UNREADABLE",
          /w\.bin: its size or time changed since it was loaded; load it again$/,
        );
      }));

  const plain = "the plain name of a file beside the model";
  for (const [entries, got, rule] of [
    [{}, "location is nothing", plain],
    [{ location: "" }, 'location is ""', plain],
    [{ location: ".." }, 'location is ".."', plain],
    [{ location: "../w.bin" }, 'location is "../w.bin"', plain],
    [{ location: "/etc/passwd" }, 'location is "/etc/passwd"', plain],
    [{ location: "a\\w.bin" }, 'location is "a\\\\w.bin"', plain],
    [{ location: "c:w.bin" }, 'location is "c:w.bin"', plain],
    [{ location: "link.bin" }, 'location is "link.bin"', "a file of its own, not a link"],
    [{ location: "w.bin", offset: "-4" }, 'offset is "-4"', "a decimal number of bytes from 0"],
    [{ location: "w.bin", offset: "0x4" }, 'offset is "0x4"', "a decimal number of bytes from 0"],
    [{ location: "w.bin", length: "23" }, "length is 23", "24, as the tensor's dims and type are"],
    [{ location: "w.bin", offset: "8" }, "offset + length is 32", "at most 28, the size of w.bin"],
  ] as const)
    it(`must be inside a plain file beside the model: ${JSON.stringify(entries)}`, () =>
      inModel(entries, (path) =>
        expectError(
          loadWeights(path, { externalData: true }),
          "WEIGHTS_INVALID",
          `FILE: tensor "w": external data: ${got}; it must be ${rule}; save the model in one file`,
          path,
        ),
      ));

  it("must be there", () =>
    inModel({ location: "none.bin" }, (path) =>
      expectError(
        loadWeights(path, { externalData: true }),
        "WEIGHTS_UNREADABLE",
        /none\.bin: cannot be read \(ENOENT: .*\); check the path and its permissions$/,
      ),
    ));
});

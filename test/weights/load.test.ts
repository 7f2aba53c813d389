import { mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { describeWeights, loadWeights } from "../../lib/weights/index.js";
import { floats, safetensorsBytes } from "./helpers/build.js";
import { expectError, fixture, inFolder, readAll, withFile } from "./helpers/files.js";

const bytes = safetensorsBytes({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, floats(1, 2));

describe("loadWeights", () => {
  it("knows formats by their bytes, whatever the name", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "weights.caffemodel");
      await writeFile(path, await readFile(fixture("torch-tied.pth")));
      expect((await loadWeights(path)).format).to.equal("torch-zip");
      await writeFile(path, await readFile(fixture("legacy-tied.pth")));
      expect((await loadWeights(path)).format).to.equal("torch-legacy");
      await writeFile(path, await readFile(fixture("tar-tied.pth")));
      expect((await loadWeights(path)).format).to.equal("torch-tar");
      await writeFile(path, bytes);
      expect((await loadWeights(path)).format).to.equal("safetensors");
    });
  });

  it("takes a safetensors file whose header length begins as gzip does", async () => {
    const data = floats(1, 2);
    const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
    const header = Buffer.from(JSON.stringify({ a: entry }).padEnd(0x8b1f));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    expect([...length.subarray(0, 2)]).to.deep.equal([...gzipSync("").subarray(0, 2)]);
    await inFolder(async (folder) => {
      const path = join(folder, "w");
      await writeFile(path, Buffer.concat([length, header, data]));
      expect((await loadWeights(path)).tensors.get("a")?.shape).to.deep.equal([2]);
    });
  });

  const unread: readonly [kind: string, bytes: () => Buffer | Promise<Buffer>, text: string][] = [
    ["gzip", () => gzipSync(bytes), "a gzip file, which is not read; unpack it first"],
    [
      "HDF5",
      () => Buffer.from("\x89HDF\r\n\x1a\n and more", "latin1"),
      "an HDF5 file, which is not read; convert it to safetensors",
    ],
    [
      "TorchScript",
      () => readFile(fixture("torch-script.pt")),
      "a TorchScript archive (constants.pkl), which is not read; save the state dict:" +
        " torch.save(model.state_dict(), path)",
    ],
  ];
  for (const [kind, content, text] of unread)
    it(`names ${kind} as what it is`, async () => {
      await withFile(await content(), (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: is ${text}`, path),
      );
    });

  for (const [content, shown] of [
    [Buffer.alloc(0), "(none)"],
    [Buffer.from("GIF89a etc"), "4749463839612065"],
  ] as const)
    it(`refuses a file that starts with ${shown}`, () =>
      withFile(content, (path) =>
        expectError(
          loadWeights(path),
          "WEIGHTS_INVALID",
          `FILE: starts with bytes ${shown}, no format that is read; known are onnx, safetensors, npy, npz, torch-zip,` +
            ` torch-legacy, torch-tar, caffemodel;` +
            " convert it to safetensors",
          path,
        ),
      ));

  it("refuses a path without a file, and one that is a folder", () =>
    inFolder(async (folder) => {
      const path = join(folder, "none");
      await expectError(
        loadWeights(path),
        "WEIGHTS_UNREADABLE",
        "FILE: cannot be read (ENOENT: no such file or directory, stat 'FILE'); check the path and its permissions",
        path,
      );
      await mkdir(path);
      await expectError(
        loadWeights(path),
        "WEIGHTS_UNREADABLE",
        "FILE: is not a regular file; give the path of a weight file",
        path,
      );
    }));

  it("refuses to stream a file that was changed or removed since it was loaded", () =>
    withFile(bytes, async (path) => {
      await utimes(path, 5, 5);
      const weights = await loadWeights(path);
      expect((await readAll(weights)).get("a")).to.deep.equal(Float32Array.of(1, 2));
      const changed = "FILE: its size or time changed since it was loaded; load it again";
      await utimes(path, 1, 1);
      await expectError(readAll(weights), "WEIGHTS_UNREADABLE", changed, path);
      await writeFile(path, Buffer.concat([bytes, bytes]));
      await utimes(path, 5, 5); // only the size tells
      await expectError(readAll(weights), "WEIGHTS_UNREADABLE", changed, path);
      await rm(path);
      await expectError(
        readAll(weights),
        "WEIGHTS_UNREADABLE",
        "FILE: cannot be read (ENOENT: no such file or directory, open 'FILE'); check the path and its permissions",
        path,
      );
    }));

  it("says where a file ended that shrank while it was read", () =>
    withFile(bytes, async (path) => {
      const weights = await loadWeights(path);
      await expectError(
        weights.stream(async (read) => {
          await writeFile(path, bytes.subarray(0, bytes.length - 3));
          await read("a", 0, new Float32Array(2));
        }),
        "WEIGHTS_UNREADABLE",
        `FILE: ended while being read: 5 of 8 bytes at offset ${bytes.length - 8};` +
          " load it again when nobody writes it",
        path,
      );
    }));

  it("passes on what the consumer throws, and what it returns", () =>
    withFile(bytes, async (path) => {
      const weights = await loadWeights(path);
      const own = new Error("own");
      let caught: unknown;
      try {
        await weights.stream(() => Promise.reject(own));
      } catch (error) {
        caught = error;
      }
      expect(caught).to.equal(own);
      expect(await weights.stream(() => Promise.resolve(5))).to.equal(5);
    }));

  it("refuses a read after the stream is closed", () =>
    withFile(bytes, async (path) => {
      const weights = await loadWeights(path);
      const read = await weights.stream((kept) => Promise.resolve(kept));
      await expectError(
        read("a", 0, new Float32Array(1)),
        "WEIGHTS_UNREADABLE",
        /^FILE: cannot be read \(/,
        path,
      );
    }));

  it("describes what it found", async () => {
    const description = describeWeights(await loadWeights(fixture("torch-parameter.pth")));
    expect(description).to.deep.equal({
      source: fixture("torch-parameter.pth"),
      format: "torch-zip",
      labels: 0,
      tensors: [
        { name: "fc.weight", shape: [2, 3], dtype: "F32", elements: 6 },
        { name: "fc.bias", shape: [2], dtype: "F32", elements: 2 },
      ],
      parameters: 8,
    });
  });
});

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { download, isThere, type DownloadOptions } from "../../lib/fetch/download.js";
import { fileNameOf, OFFICIAL_FILES, type Hash } from "../../lib/fetch/official-files.js";
import { expectError, inFolder } from "../weights/helpers/files.js";
import { breaksOff, gives, hangs, says, withServer, type Answer } from "./server.js";

const DATA = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) & 255));
const hashed = (data: Buffer): Hash => ({
  algorithm: "sha256",
  hex: createHash("sha256").update(data).digest("hex"),
});
const KNOWN = { bytes: DATA.length, hash: hashed(DATA) };
const QUICK: DownloadOptions = { retries: 3, backOffMs: 1, stallMs: 5000 };

interface Fetched {
  readonly asked: readonly string[];
  readonly files: readonly string[];
}

/** Fetches into a folder of its own; `known` is what is known of the file, `prepare` what is there already. */
const fetchFile = (
  answers: readonly Answer[],
  {
    known = KNOWN,
    options = {},
    prepare,
    text,
    code,
  }: {
    readonly known?: { bytes?: number; hash?: Hash };
    readonly options?: DownloadOptions;
    readonly prepare?: (to: string, url: string) => Promise<void>;
    readonly text?: string | RegExp;
    readonly code?: "FETCH_FAILED" | "FETCH_MISMATCH";
  } = {},
): Promise<Fetched> =>
  inFolder((folder) =>
    withServer(answers, async ({ url, asked }) => {
      const to = join(folder, "file.bin");
      await prepare?.(to, url);
      const done = download({ url, to, ...known }, { ...QUICK, ...options });
      if (text === undefined) {
        await done;
        expect((await readFile(to)).equals(DATA)).to.equal(true);
      } else {
        const shown = (value: string) => value.replaceAll(url, "URL").replaceAll(to, "FILE");
        await expectError(
          done.catch((error: unknown) => {
            if (error instanceof Error) error.message = shown(error.message);
            throw error;
          }),
          code ?? "FETCH_FAILED",
          text,
        );
      }
      return { asked, files: (await readdir(folder)).sort() };
    }),
  );

const KEPT = ["file.bin.part", "file.bin.part.json"];

describe("download", () => {
  it("fetches a file, and leaves nothing beside it", async () => {
    expect(await fetchFile([gives(DATA)])).to.deep.equal({ asked: ["all"], files: ["file.bin"] });
  });

  it("fetches one of which nothing is known, and one without a length", async () => {
    await fetchFile([gives(DATA)], { known: {} });
    await fetchFile([says(200, {}, DATA)], { known: {} });
  });

  it("goes on where the connection broke, of the same version", async () => {
    const { asked, files } = await fetchFile([breaksOff(DATA, 30_000), breaksOff(DATA, 20_000), gives(DATA)]);
    expect(asked).to.deep.equal(["all", 'bytes=30000- if "v1"', 'bytes=50000- if "v1"']);
    expect(files).to.deep.equal(["file.bin"]);
  });

  it("goes on without a version's name only where the hash will tell", async () => {
    const answers = [breaksOff(DATA, 30_000, {}), gives(DATA, {})];
    expect((await fetchFile(answers)).asked).to.deep.equal(["all", "bytes=30000-"]);
    expect((await fetchFile(answers, { known: {} })).asked).to.deep.equal(["all", "all"]);
  });

  it("takes a date for a version's name, and no weak ETag", async () => {
    const date = { "last-modified": "Wed, 01 Jan 2014 00:00:00 GMT" };
    const again = (headers: Record<string, string>) => [breaksOff(DATA, 10, headers), gives(DATA, headers)];
    expect((await fetchFile(again(date))).asked[1]).to.equal(`bytes=10- if ${date["last-modified"]}`);
    expect((await fetchFile(again({ etag: 'W/"v1"' }))).asked[1]).to.equal("bytes=10-");
  });

  it("begins anew where the server has another version by now", async () => {
    const old = Buffer.alloc(DATA.length, 1);
    const { asked } = await fetchFile([breaksOff(old, 30_000, { etag: '"v0"' }), gives(DATA)]);
    expect(asked).to.deep.equal(["all", 'bytes=30000- if "v0"']);
  });

  it("begins anew where the server ignores the range", async () => {
    const { asked } = await fetchFile([breaksOff(DATA, 30_000), says(200, {}, DATA)]);
    expect(asked).to.have.length(2);
  });

  it("goes on with what an earlier run left, and with no more than the file has", async () => {
    const left = async (to: string, bytes: Buffer) => writeFile(`${to}.part`, bytes);
    const some = await fetchFile([gives(DATA)], { prepare: (to) => left(to, DATA.subarray(0, 70_000)) });
    expect(some.asked).to.deep.equal(["bytes=70000-"]);
    const all = await fetchFile([gives(DATA)], { prepare: (to) => left(to, DATA) });
    expect(all.asked).to.deep.equal([]);
    const more = await fetchFile([gives(DATA)], {
      prepare: (to) => left(to, Buffer.concat([DATA, DATA])),
    });
    expect(more.asked).to.deep.equal(["all"]);
    const unknown = await fetchFile([gives(DATA)], {
      known: {},
      prepare: async (to, url) => {
        await left(to, DATA);
        await writeFile(`${to}.part.json`, JSON.stringify({ url, validator: '"v1"' }));
      },
    });
    expect(unknown.asked).to.deep.equal([`bytes=${DATA.length}- if "v1"`]);
  });

  it("does not take another address's version, or a damaged name, for this one's", async () => {
    for (const origin of [JSON.stringify({ url: "http://x/", validator: '"v1"' }), "{", "null", "[]"]) {
      const { asked } = await fetchFile([gives(DATA)], {
        known: {},
        prepare: async (to) => {
          await writeFile(`${to}.part`, Buffer.alloc(500));
          await writeFile(`${to}.part.json`, origin);
        },
      });
      expect(asked, origin).to.deep.equal(["all"]);
    }
  });

  it("follows redirects, and waits for servers that are busy", async () => {
    const { asked } = await fetchFile([
      says(302, { location: "/elsewhere" }),
      says(503),
      says(308, { location: "/there" }),
      says(429),
      gives(DATA),
    ]);
    expect(asked).to.have.length(5);
  });

  it("begins anew after 416, and after a part that was not asked for", async () => {
    const prepare = (to: string) => writeFile(`${to}.part`, DATA.subarray(0, 500));
    const refused = await fetchFile([says(416), gives(DATA)], { prepare });
    expect(refused.asked).to.deep.equal(["bytes=500-", "all"]);
    const range = { "content-range": `bytes 0-99/${DATA.length}` };
    const other = await fetchFile([says(206, range, DATA.subarray(0, 100)), gives(DATA)], { prepare });
    expect(other.asked).to.deep.equal(["bytes=500-", "all"]);
  });

  it("tries again when nothing comes any more", async () => {
    const { asked } = await fetchFile([hangs(DATA, 40_000), gives(DATA)], { options: { stallMs: 300 } });
    expect(asked).to.deep.equal(["all", 'bytes=40000- if "v1"']);
  });

  const kept = "what came is kept in FILE.part; run it again to go on, or give a mirror with --url";
  const failing: readonly [
    title: string,
    answers: readonly Answer[],
    text: string | RegExp,
    asked: number,
  ][] = [
    ["404", [says(404)], "URL: the server answers 404; it must have the file; give a mirror with --url", 1],
    [
      "503 again and again",
      [says(503)],
      `URL: not fetched after 4 tries (the server answers 503); ${kept}`,
      4,
    ],
    [
      "a circle of redirects",
      [says(302, { location: "/file.bin" })],
      "URL: the server redirects more than 10 times; give a mirror with --url",
      11,
    ],
    [
      "a redirect to a file",
      [says(302, { location: "file:///etc/passwd" })],
      'URL: the server redirects to "file:///etc/passwd"; it must be http or https; give a mirror with --url',
      1,
    ],
    [
      "a redirect to nowhere",
      [says(301)],
      "URL: the server redirects to null; it must be http or https; give a mirror with --url",
      1,
    ],
    [
      "a file that is packed",
      [says(200, { "content-encoding": "gzip" }, DATA)],
      'URL: the server packs the file ("gzip"), which was not asked for; give a mirror with --url',
      1,
    ],
    [
      "a length that is not the file's",
      [gives(DATA.subarray(1))],
      "URL: the server has 99999 bytes; the file has 100000; give the file's own place with --url",
      1,
    ],
    [
      "an end before the length that was announced",
      [breaksOff(DATA, 10)],
      new RegExp(`^URL: not fetched after 4 tries \\(.+\\); ${kept.replaceAll(".", "\\.")}$`),
      4,
    ],
    [
      "an end without a length before all has come",
      [
        says(200, { etag: '"v1"' }, DATA.subarray(0, 100)),
        says(206, { "content-range": "bytes 100-100/100000" }),
      ],
      `URL: not fetched after 4 tries (the answer ended at byte 100 of 100000); ${kept}`,
      4,
    ],
  ];
  for (const [title, answers, text, requests] of failing)
    it(`fails on ${title}`, async () => {
      // a body without a length is sent in chunks
      const { asked, files } = await fetchFile(
        answers.map((answer): Answer => (response, request) => {
          response.shouldKeepAlive = false;
          answer(response, request);
        }),
        { text },
      );
      expect(asked).to.have.length(requests);
      expect(files).to.include("file.bin.part");
      expect(files).to.not.include("file.bin");
    });

  it("keeps nothing of a file that has other bytes, or more of them", async () => {
    const other = Buffer.from(DATA);
    other[5]++;
    const hex = hashed(other).hex;
    const wrong = await fetchFile([gives(other)], {
      code: "FETCH_MISMATCH",
      text:
        `URL: its sha256 is ${hex}; it must be ${KNOWN.hash.hex}; nothing is kept; fetch it again, or give a mirror` +
        " with --url",
    });
    expect(wrong.files).to.deep.equal([]);
    const chunks: Answer = (response) => {
      response.writeHead(200);
      response.write(DATA);
      response.end("more");
    };
    const more = await fetchFile([chunks], {
      code: "FETCH_MISMATCH",
      text: "URL: more than the file's 100000 bytes came; nothing is kept; give a mirror with --url",
    });
    expect(more.files).to.deep.equal([]);
  });

  it("gives up a server that never answers, after as many tries as it has", async () => {
    const silent: Answer = () => undefined;
    const { asked } = await fetchFile([silent], {
      options: { stallMs: 100, retries: 1 },
      text: "URL: not fetched after 2 tries (nothing came for 0.1 s); " + kept,
    });
    expect(asked).to.have.length(2);
  });

  it("says why no server is reached", () =>
    inFolder(async (folder) => {
      const to = join(folder, "f");
      await expectError(
        download({ url: "http://127.0.0.1:1/f", to }, { ...QUICK, retries: 0 }),
        "FETCH_FAILED",
        /^http:\/\/127\.0\.0\.1:1\/f: not fetched after 1 tries \(.+\); what came is kept in /,
      );
    }));

  it("stops with the signal, while it waits and while bytes come, and keeps them", async () => {
    for (const answers of [[hangs(DATA, 40_000)], [breaksOff(DATA, 40_000)]])
      await inFolder((folder) =>
        withServer(answers, async ({ url }) => {
          const to = join(folder, "file.bin");
          const controller = new AbortController();
          const reason = new Error("enough");
          const onBytes = (done: number) => {
            if (done === 40_000)
              setTimeout(() => {
                controller.abort(reason);
              }, 300);
          };
          let caught: unknown;
          const options = { ...QUICK, backOffMs: 10_000, signal: controller.signal, onBytes };
          await download({ url, to, ...KNOWN }, options).catch((error: unknown) => (caught = error));
          expect(caught).to.equal(reason);
          expect((await readdir(folder)).sort()).to.deep.equal(KEPT);
          expect((await readFile(`${to}.part`)).equals(DATA.subarray(0, 40_000))).to.equal(true);
        }),
      );
  });

  it("leaves a file alone that another one fetches, until that is done", () =>
    inFolder((folder) =>
      withServer([hangs(DATA, 40_000), gives(DATA)], async ({ url, asked }) => {
        const to = join(folder, "file.bin");
        const controller = new AbortController();
        const reason = new Error("enough");
        let second: Promise<void> | undefined;
        const onBytes = (done: number) => {
          if (done !== 40_000) return;
          second = expectError(
            download({ url, to, ...KNOWN }, QUICK),
            "FETCH_FAILED",
            `FILE: process ${process.pid} on ${hostname()} is fetching it; wait until that is done; where there is no` +
              " such process, remove FILE.part.lock",
            to,
          ).finally(() => {
            controller.abort(reason);
          });
        };
        let caught: unknown;
        await download({ url, to, ...KNOWN }, { ...QUICK, onBytes, signal: controller.signal }).catch(
          (error: unknown) => (caught = error),
        );
        await second;
        expect(caught).to.equal(reason);
        expect((await readFile(`${to}.part`)).equals(DATA.subarray(0, 40_000))).to.equal(true);
        expect((await readdir(folder)).sort()).to.deep.equal(KEPT);
        await download({ url, to, ...KNOWN }, QUICK);
        expect(asked).to.deep.equal(["all", 'bytes=40000- if "v1"']);
        expect(await readdir(folder)).to.deep.equal(["file.bin"]);
      }),
    ));

  it("goes on with what a process left that was killed", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const { asked, files } = await fetchFile([gives(DATA)], {
      prepare: async (to) => {
        await writeFile(`${to}.part`, DATA.subarray(0, 70_000));
        await writeFile(`${to}.part.lock`, JSON.stringify({ pid, host: hostname() }));
      },
    });
    expect(asked).to.deep.equal(["bytes=70000-"]);
    expect(files).to.deep.equal(["file.bin"]);
  });

  it("refuses a folder, and a place that cannot be written", () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, "d"));
      await writeFile(join(folder, "f"), "");
      const into = (name: string) => download({ url: "http://127.0.0.1:1/", to: join(folder, name) }, QUICK);
      await expectError(
        into("d"),
        "OUTPUT_INVALID",
        "FILE/d: it is a folder; give the path of the file to write",
        folder,
      );
      await expectError(
        into("f/x"),
        "OUTPUT_INVALID",
        /^FILE\/f\/x: cannot be written \(.+\); check the folder, its permissions and its free space$/,
        folder,
      );
    }));

  it("knows a file that is there by its size and its hash", () =>
    inFolder(async (folder) => {
      const path = join(folder, "f");
      expect(await isThere(path, {})).to.equal(false);
      await writeFile(path, DATA);
      expect(await isThere(path, {})).to.equal(true);
      expect(await isThere(path, KNOWN)).to.equal(true);
      expect(await isThere(path, { bytes: 5 })).to.equal(false);
      expect(await isThere(path, { hash: hashed(Buffer.from("x")) })).to.equal(false);
      expect(await isThere(folder, {})).to.equal(false);
    }));
});

describe("official files", () => {
  it("have names, files and addresses of their own, and hashes as long as theirs are", () => {
    for (const of of [OFFICIAL_FILES.map(({ name }) => name), OFFICIAL_FILES.map(fileNameOf)])
      expect(new Set(of).size).to.equal(OFFICIAL_FILES.length);
    for (const { name, url, hash, bytes } of OFFICIAL_FILES) {
      expect(new URL(url).protocol, name).to.match(/^https?:$/);
      if (hash)
        expect(hash.hex, name).to.match(hash.algorithm === "sha1" ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/);
      if (bytes !== undefined) expect(bytes, name).to.be.within(1e7, 3e8);
    }
  });

  it("are named by their hash where torchvision does so", () => {
    for (const file of OFFICIAL_FILES.filter(({ url }) => url.includes("pytorch.org")))
      expect(fileNameOf(file)).to.equal(`alexnet-owt-${file.hash?.hex.slice(0, 8) ?? ""}.pth`);
  });
});

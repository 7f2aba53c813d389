/** Every text of lib/errors/pull.ts, as its factory makes it; test/fetch meets them in downloads. */
import { expect } from "chai";
import type { AlexNetError, ErrorCode } from "../../lib/errors/base.js";
import { pullErrors } from "../../lib/errors/pull.js";

const cause = new Error("ECONNRESET");

/** By factory, so that the compiler misses one that is not here. */
const TEXTS: Record<keyof typeof pullErrors, readonly [error: AlexNetError, code: ErrorCode, text: string]> =
  {
    status: [
      pullErrors.status("u", 404),
      "FETCH_FAILED",
      "u: the server answers 404; it must have the file; give a mirror with --url",
    ],
    gaveUp: [
      pullErrors.gaveUp("u", 3, "ECONNRESET", "f.part", cause),
      "FETCH_FAILED",
      "u: not fetched after 3 tries (ECONNRESET); what came is kept in f.part; run it again to go on, or give a mirror" +
        " with --url",
    ],
    locked: [
      pullErrors.locked("f", "f.part.lock", { pid: 7, host: "h" }),
      "FETCH_FAILED",
      "f: process 7 on h is fetching it; wait until that is done; where there is no such process, remove f.part.lock",
    ],
    redirects: [
      pullErrors.redirects("u", 10),
      "FETCH_FAILED",
      "u: the server redirects more than 10 times; give a mirror with --url",
    ],
    redirect: [
      pullErrors.redirect("u", "ftp://x"),
      "FETCH_FAILED",
      'u: the server redirects to "ftp://x"; it must be http or https; give a mirror with --url',
    ],
    encoding: [
      pullErrors.encoding("u", "gzip"),
      "FETCH_FAILED",
      'u: the server packs the file ("gzip"), which was not asked for; give a mirror with --url',
    ],
    size: [
      pullErrors.size("u", 1, 2),
      "FETCH_FAILED",
      "u: the server has 1 bytes; the file has 2; give the file's own place with --url",
    ],
    tooLong: [
      pullErrors.tooLong("u", 2),
      "FETCH_MISMATCH",
      "u: more than the file's 2 bytes came; nothing is kept; give a mirror with --url",
    ],
    hash: [
      pullErrors.hash("u", "sha1", "aa", "bb"),
      "FETCH_MISMATCH",
      "u: its sha1 is aa; it must be bb; nothing is kept; fetch it again, or give a mirror with --url",
    ],
  };

describe("errors of fetching", () => {
  for (const [factory, [error, code, text]] of Object.entries(TEXTS))
    it(`${factory}: ${text}`, () => {
      expect(error).to.include({ code, message: text });
    });

  it("keep their cause, and are all pinned here", () => {
    expect(TEXTS.gaveUp[0].cause).to.equal(cause);
    expect(Object.keys(TEXTS)).to.have.members(Object.keys(pullErrors));
  });
});

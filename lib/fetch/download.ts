/** A file of the web, whole or not at all: gone on with where the connection broke, checked, and then put in place. */
import { stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { AlexNetError, reasonOf } from "../errors/base.js";
import { pullErrors } from "../errors/pull.js";
import type { Hash } from "./official-files.js";
import { hashOf, PartFile } from "./part-file.js";
import { request, type Answer } from "./request.js";

/** What is known of a file. */
export interface Known {
  readonly bytes?: number | undefined;
  readonly hash?: Hash | undefined;
}

export interface Download extends Known {
  readonly url: string;
  /** Path of the file. */
  readonly to: string;
}

export interface DownloadOptions {
  /** Ends the download; what came is kept. */
  readonly signal?: AbortSignal;
  /** Called whenever bytes came, or were thrown away: those that are there, of so many where that is known. */
  readonly onBytes?: (done: number, total: number | undefined) => void;
  /** Tries after the first one. */
  readonly retries?: number;
  /** Milliseconds before the second try; twice as many before each one after it, up to LONGEST_WAIT. */
  readonly backOffMs?: number;
  /** Milliseconds without a byte after which a try is given up. */
  readonly stallMs?: number;
}

const RETRIES = 8;
const BACK_OFF = 1000;
const LONGEST_WAIT = 30_000;
const STALL = 30_000;
/** Answers of 4xx that may be others later: timeout, too early, too many requests. */
const PASSING = [408, 425, 429];

/**
 * Fetches a file.
 * @throws AlexNetError FETCH_FAILED, where what came is kept, or where another process is fetching it; FETCH_MISMATCH
 * where it is another file; OUTPUT_INVALID where it cannot be written; the signal's reason.
 */
export async function download(what: Download, options: DownloadOptions = {}): Promise<void> {
  const { signal, retries = RETRIES, backOffMs = BACK_OFF } = options;
  const part = await PartFile.open(what.to);
  try {
    for (let tries = 1; ; tries++) {
      try {
        await fetchRest(what, part, options);
        break;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof AlexNetError) throw error;
        if (tries > retries) throw pullErrors.gaveUp(what.url, tries, deepReason(error), part.path, error);
        await wait(
          Math.min(backOffMs * 2 ** (tries - 1), LONGEST_WAIT),
          undefined,
          signal && { signal },
        ).catch(() => signal?.throwIfAborted());
      }
    }
    if (what.hash) {
      const { algorithm, hex } = what.hash;
      const got = await hashOf(part.path, algorithm);
      if (got !== hex) throw pullErrors.hash(what.url, algorithm, got, hex);
    }
    await part.publish();
  } catch (error) {
    // bytes of another file would be gone on with the next time
    if (error instanceof AlexNetError && error.code === "FETCH_MISMATCH") await part.discard();
    throw error;
  } finally {
    await part.close();
  }
}

/** Whether the file is there and is what is known of it. */
export async function isThere(path: string, { bytes, hash }: Known): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || (bytes !== undefined && found.size !== bytes)) return false;
  return hash === undefined || (await hashOf(path, hash.algorithm)) === hash.hex;
}

async function fetchRest(what: Download, part: PartFile, options: DownloadOptions): Promise<void> {
  const { url, bytes, hash } = what;
  if (bytes !== undefined && part.size === bytes) return;
  const validator = await part.validatorFor(url);
  // without either, nothing would tell that the rest is of another version
  const resumable = validator !== undefined || hash !== undefined;
  if (!resumable || (bytes !== undefined && part.size > bytes)) await part.restart(url, undefined);
  const patience = { signal: options.signal, stallMs: options.stallMs ?? STALL };
  await request(url, { from: part.size, validator }, patience, async (answer) => {
    const total = await begin(what, part, answer);
    if (total === part.size) return;
    options.onBytes?.(part.size, total);
    for await (const chunk of answer.body) {
      if (total !== undefined && part.size + chunk.length > total) throw pullErrors.tooLong(url, total);
      await part.append(chunk);
      options.onBytes?.(part.size, total);
    }
    if (total !== undefined && part.size < total)
      throw new Error(`the answer ended at byte ${part.size} of ${total}`);
  });
}

/** Judges the head of an answer and lets `part` be what its body goes on with; gives the whole file's bytes. */
async function begin(
  what: Download,
  part: PartFile,
  { status, headers }: Answer,
): Promise<number | undefined> {
  const { url } = what;
  if (status !== 200 && status !== 206 && status !== 416) {
    if (status >= 500 || PASSING.includes(status)) throw new Error(`the server answers ${status}`);
    throw pullErrors.status(url, status);
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") throw pullErrors.encoding(url, encoding);
  const range = rangeOf(headers.get("content-range"));
  const total = status === 200 ? lengthOf(headers) : range?.total;
  if (status === 416) {
    // all of it was there already
    if (total === part.size && what.bytes === undefined) return total;
    await part.restart(url, undefined);
    throw new Error("the server has no such part of the file");
  }
  if (total !== undefined && what.bytes !== undefined && total !== what.bytes)
    throw pullErrors.size(url, total, what.bytes);
  if (status === 200) await part.restart(url, validatorOf(headers));
  else if (range?.from !== part.size) {
    await part.restart(url, undefined);
    throw new Error("the server gives another part of the file than was asked for");
  }
  return what.bytes ?? total;
}

/** Of "bytes 5-9/10" and "bytes * /10"; the total may be unknown. */
function rangeOf(header: string | null): { from?: number; total?: number } | undefined {
  const found = /^bytes (?:(\d+)-\d+|\*)\/(?:(\d+)|\*)$/.exec(header ?? "");
  if (found === null) return undefined;
  const [from, total] = found.slice(1).map((digits: string | undefined) => digits && Number(digits));
  return { ...(typeof from === "number" && { from }), ...(typeof total === "number" && { total }) };
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number(length);
}

/** A weak ETag names what is alike, not what is the same. */
function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : (headers.get("last-modified") ?? undefined);
}

/** fetch says only that it failed; why is in the cause. */
const deepReason = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? deepReason(error.cause) : reasonOf(error);

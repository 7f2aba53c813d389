import { AlexNetError } from "./base.js";

const failed = (message: string, cause?: unknown) => new AlexNetError("FETCH_FAILED", message, { cause });
const mismatch = (message: string) => new AlexNetError("FETCH_MISMATCH", message);

/** Errors of fetching files: what a server answers, and whether it is the file that was asked for. */
export const pullErrors = {
  status: (url: string, status: number) =>
    failed(`${url}: the server answers ${status}; it must have the file; give a mirror with --url`),
  /** After the last try; what came is in `part`, and is used by the next one. */
  gaveUp: (url: string, tries: number, reason: string, part: string, cause: unknown) =>
    failed(
      `${url}: not fetched after ${tries} tries (${reason}); what came is kept in ${part};` +
        ` run it again to go on, or give a mirror with --url`,
      cause,
    ),
  /** `holder` is missing where the lock does not tell it. */
  locked: (path: string, lock: string, holder: { readonly pid: number; readonly host: string } | undefined) =>
    failed(
      `${path}: ${holder ? `process ${holder.pid} on ${holder.host}` : "another process"} is fetching it; wait until that is` +
        ` done; where there is no such process, remove ${lock}`,
    ),
  redirects: (url: string, most: number) =>
    failed(`${url}: the server redirects more than ${most} times; give a mirror with --url`),
  redirect: (url: string, location: string | null) =>
    failed(
      `${url}: the server redirects to ${JSON.stringify(location)}; it must be http or https; give a mirror with --url`,
    ),
  encoding: (url: string, encoding: string) =>
    failed(
      `${url}: the server packs the file (${JSON.stringify(encoding)}), which was not asked for; give a mirror with --url`,
    ),
  size: (url: string, got: number, wanted: number) =>
    failed(
      `${url}: the server has ${got} bytes; the file has ${wanted}; give the file's own place with --url`,
    ),
  tooLong: (url: string, wanted: number) =>
    mismatch(`${url}: more than the file's ${wanted} bytes came; nothing is kept; give a mirror with --url`),
  hash: (url: string, algorithm: string, got: string, wanted: string) =>
    mismatch(
      `${url}: its ${algorithm} is ${got}; it must be ${wanted}; nothing is kept; fetch it again, or give a mirror` +
        ` with --url`,
    ),
};

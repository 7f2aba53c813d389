/** One request for a file or for the rest of one, through redirects, given up when nothing comes any more. */
import { pullErrors } from "../errors/pull.js";

const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

export interface Wanted {
  /** Byte from which the file is wanted. */
  readonly from: number;
  /** ETag or date: the rest is wanted only of the file that has it, else the whole file. */
  readonly validator?: string | undefined;
}

export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or a byte. */
  readonly stallMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Ends the request, too, when it is left. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Lets `take` have the answer.
 * @throws AlexNetError FETCH_FAILED for redirects that are not followed; the signal's reason; anything else is what
 * went wrong on the way, and may be tried again.
 */
export async function request<T>(
  url: string,
  wanted: Wanted,
  { signal, stallMs }: Patience,
  take: (answer: Answer) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const stalled = () => {
    stop.abort(new Error(`nothing came for ${stallMs / 1000} s`));
  };
  const timer = setTimeout(stalled, stallMs);
  const signals = signal ? [signal, stop.signal] : [stop.signal];
  try {
    const response = await follow(url, headersFor(wanted), AbortSignal.any(signals));
    timer.refresh();
    const { status, headers, body } = response;
    return await take({ status, headers, body: chunksOf(body, () => timer.refresh()) });
  } finally {
    clearTimeout(timer);
    stop.abort(new Error("the answer was not wanted any more"));
  }
}

function headersFor({ from, validator }: Wanted): Record<string, string> {
  // else sizes would be those of what is packed
  const headers = { "accept-encoding": "identity" };
  if (from === 0) return headers;
  return { ...headers, range: `bytes=${from}-`, ...(validator !== undefined && { "if-range": validator }) };
}

async function follow(
  first: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  let url = first;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    if (!REDIRECTS.includes(response.status)) return response;
    await response.body?.cancel();
    const location = response.headers.get("location");
    if (location === null || !URL.canParse(location, url)) throw pullErrors.redirect(first, location);
    const next = new URL(location, url);
    if (!isHttp(next)) throw pullErrors.redirect(first, location);
    url = next.href;
  }
  throw pullErrors.redirects(first, MOST_REDIRECTS);
}

export const isHttp = ({ protocol }: URL): boolean => protocol === "http:" || protocol === "https:";

async function* chunksOf(
  body: ReadableStream<Uint8Array> | null,
  came: () => void,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  for await (const chunk of body) {
    came();
    yield chunk;
  }
}

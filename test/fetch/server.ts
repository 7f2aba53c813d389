/** A server on this machine that answers as it is told, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface TestServer {
  readonly url: string;
  /** The range and if-range of every request, in order. */
  readonly asked: string[];
}

/** Answers of several requests in turn, the last one again and again. */
export async function withServer<T>(
  answers: readonly Answer[],
  use: (server: TestServer) => Promise<T>,
): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { range = "all", "if-range": validator } = request.headers;
    asked.push(validator === undefined ? range : `${range} if ${String(validator)}`);
    answers[Math.min(asked.length, answers.length) - 1](response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await use({ url: `http://127.0.0.1:${port}/file.bin`, asked });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ETAG = '"v1"';

/** All of the file, or the part that was asked for. */
export const gives =
  (data: Buffer, headers: Readonly<Record<string, string | number>> = { etag: ETAG }): Answer =>
  (response, request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const same = request.headers["if-range"] === undefined || request.headers["if-range"] === headers.etag;
    if (from === 0 || !same) response.writeHead(200, { "content-length": data.length, ...headers }).end(data);
    else if (from >= data.length)
      response.writeHead(416, { "content-range": `bytes */${data.length}` }).end();
    else
      response
        .writeHead(206, {
          "content-length": data.length - from,
          "content-range": `bytes ${from}-${data.length - 1}/${data.length}`,
          ...headers,
        })
        .end(data.subarray(from));
  };

/** Milliseconds for a client to take what it was sent: what it has not read when the connection is cut is lost to it. */
const TAKEN = 250;

/** So many bytes of all that is announced, and then the connection is cut. */
export const breaksOff =
  (data: Buffer, after: number, headers: Readonly<Record<string, string>> = { etag: ETAG }): Answer =>
  (response, request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": data.length - from,
      ...(from > 0 && { "content-range": `bytes ${from}-${data.length - 1}/${data.length}` }),
      ...headers,
    });
    response.write(data.subarray(from, from + after), () => setTimeout(() => response.destroy(), TAKEN));
  };

export const says =
  (status: number, headers: Readonly<Record<string, string>> = {}, body: string | Buffer = ""): Answer =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };

/** Part of the file, and then nothing. */
export const hangs =
  (data: Buffer, after: number): Answer =>
  (response) => {
    response.writeHead(200, { "content-length": data.length, etag: ETAG });
    response.write(data.subarray(0, after));
  };

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** Requests so far: path and Range header. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on this machine; paths without a handler are 404. */
export async function fileServer(routes: Readonly<Record<string, Handler>>): Promise<FileServer> {
  const requests: { path: string; range: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push({ path, range: request.headers.range });
    const handler = routes[path];
    if (handler) handler(request, response);
    else response.writeHead(404).end("no such file");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Serves bytes with Range and If-Range as RFC 9110 asks; `cutAfter` breaks each answer's connection after so many bytes. */
export function serveBytes(
  content: () => Buffer,
  etag: () => string,
  options: { cutAfter?: () => number } = {},
): Handler {
  return (request, response) => {
    const bytes = content();
    response.setHeader("etag", etag());
    response.setHeader("accept-ranges", "bytes");
    if (request.headers["if-none-match"] === etag()) return void response.writeHead(304).end();
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
    const ifRange = request.headers["if-range"];
    const start = range && (ifRange === undefined || ifRange === etag()) ? Number(range[1]) : undefined;
    if (start !== undefined && start >= bytes.length) {
      return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    }
    const body = bytes.subarray(start ?? 0);
    response.writeHead(start === undefined ? 200 : 206, {
      "content-length": body.length,
      ...(start === undefined ? {} : { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    const cut = options.cutAfter?.() ?? Infinity;
    if (body.length <= cut) return void response.end(body);
    response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };
}

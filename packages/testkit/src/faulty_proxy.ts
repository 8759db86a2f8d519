import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** What a proxy does to one request instead of passing it on and back. */
export type ProxyFault =
  /** Answers itself; the server never sees the request. */
  | { readonly answer: number; readonly body?: string }
  /** The server does what it is asked, the answer is lost: the connection is cut. */
  | "cut_answer"
  /** The same after some bytes of the answer's body, if it has more. */
  | { readonly cutBodyAfter: number }
  /** Passes some bytes of the answer's body, then, if it has more, nothing; the connection stays. */
  | { readonly stallBodyAfter: number }
  /** Takes the request and does nothing. */
  | "stall";

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
}

export interface FaultyProxy extends AsyncDisposable {
  /** Origin to which clients connect. */
  readonly endpoint: string;
  /** All requests so far, in the order of their arrival. */
  readonly requests: readonly ProxiedRequest[];
}

/** An HTTP proxy on a free port before `target`, which asks `plan` before each request. All headers pass unchanged, so signatures hold. */
export async function startFaultyProxy(
  target: string,
  plan: (request: ProxiedRequest) => ProxyFault | undefined,
): Promise<FaultyProxy> {
  const requests: ProxiedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = "", url: path = "" } = incoming;
    requests.push({ method, path });
    handle(target, incoming, outgoing, plan({ method, path })).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function handle(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: ProxyFault | undefined,
): Promise<void> {
  const body = await buffer(incoming);
  if (fault === "stall") return;
  if (typeof fault === "object" && "answer" in fault) {
    outgoing.writeHead(fault.answer, { "content-type": "application/xml" }).end(fault.body);
    return;
  }
  const { method, headers } = incoming;
  const passed = forward(new URL(incoming.url ?? "/", target), { method, headers }).end(body);
  const [answer] = (await once(passed, "response")) as [IncomingMessage];
  const content = await buffer(answer);
  if (fault === "cut_answer") {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  const bytes =
    fault === undefined ? content.length : "cutBodyAfter" in fault ? fault.cutBodyAfter : fault.stallBodyAfter;
  if (fault === undefined || bytes >= content.length) outgoing.end(content);
  else if ("cutBodyAfter" in fault) outgoing.write(content.subarray(0, bytes), () => outgoing.destroy());
  else outgoing.write(content.subarray(0, bytes));
}

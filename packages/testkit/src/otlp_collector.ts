import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

/** A span as it arrived; ids are hexadecimal, `parentId` is empty for the first of a trace. */
export interface CollectedSpan {
  /** `service.name` of the process. */
  readonly service: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Trace ids of the spans it links to. */
  readonly links: readonly string[];
  readonly failed: boolean;
}

export interface OtlpCollector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** What has arrived so far. */
  readonly spans: readonly CollectedSpan[];
  /** Headers of the last request. */
  headers(): Readonly<Record<string, unknown>>;
}

/** A server that takes traces by OTLP over HTTP as protobuf, as a collector does. `answer` decides its status, default 200. */
export async function startOtlpCollector(answer: () => number = () => 200): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  let headers: Readonly<Record<string, unknown>> = {};
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    headers = request.headers;
    const status = request.url === "/v1/traces" ? answer() : 404;
    if (status === 200) spans.push(...spansOf(headers["content-encoding"] === "gzip" ? gunzipSync(body) : body));
    response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers: () => headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Spans of an ExportTraceServiceRequest; field numbers are those of opentelemetry/proto/trace/v1/trace.proto. */
function spansOf(request: Buffer): CollectedSpan[] {
  return messages(request, 1).flatMap((ofProcess) => {
    const resource = messages(ofProcess, 1).map((each) => attributesOf(each, 1))[0];
    const service = String(resource?.["service.name"]);
    return messages(ofProcess, 2).flatMap((ofScope) => messages(ofScope, 2).map((span) => spanOf(span, service)));
  });
}

function spanOf(span: Buffer, service: string): CollectedSpan {
  const id = (field: number): string => messages(span, field)[0]?.toString("hex") ?? "";
  const status = messages(span, 15)[0];
  return {
    service,
    name: messages(span, 5)[0]?.toString() ?? "",
    kind: numbers(span, 6)[0] ?? 0,
    traceId: id(1),
    spanId: id(2),
    parentId: id(4),
    attributes: attributesOf(span, 9),
    links: messages(span, 13).map((link) => messages(link, 1)[0]?.toString("hex") ?? ""),
    failed: status !== undefined && numbers(status, 3)[0] === 2,
  };
}

function attributesOf(message: Buffer, field: number): Record<string, unknown> {
  const pairs = messages(message, field).map((pair) => {
    const value = messages(pair, 2)[0] ?? Buffer.alloc(0);
    const key = messages(pair, 1)[0]?.toString() ?? "";
    return [key, messages(value, 1)[0]?.toString() ?? numbers(value, 3)[0]] as const;
  });
  return Object.fromEntries(pairs);
}

/** Values of a field of texts, bytes or messages. */
function messages(message: Buffer, field: number): Buffer[] {
  return [...fieldsOf(message)].flatMap(([number, value]) =>
    number === field && typeof value !== "number" ? [value] : [],
  );
}

function numbers(message: Buffer, field: number): number[] {
  return [...fieldsOf(message)].flatMap(([number, value]) =>
    number === field && typeof value === "number" ? [value] : [],
  );
}

/** Protobuf's wire format: a field's number and its value, of 64 and 32 bits left out. */
function* fieldsOf(message: Buffer): Generator<[number: number, value: number | Buffer]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 0) yield [number, varint()];
    else if (type === 1 || type === 5) at += type === 1 ? 8 : 4;
    else {
      const length = varint();
      yield [number, message.subarray(at, (at += length))];
    }
  }
}
